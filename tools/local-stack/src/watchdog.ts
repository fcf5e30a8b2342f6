import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Ends the children when their parent is gone, however it went: the shell reads a pipe whose other end only the parent
 * holds, and the kernel closes that on kill -9 too. Each line replaces the pids; an empty last line means all is well.
 * Java cannot do it itself (it does not look at its standard input) and Linux's parent-death signal is not portable.
 */
const SCRIPT = `
trap '' HUP INT TERM
pids=
while read -r line; do pids=$line; done
if [ -n "$pids" ]; then
  kill -TERM $pids 2>/dev/null
  kill -CONT $pids 2>/dev/null
  n=0
  while [ $n -lt 15 ]; do
    alive=
    for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive=1; done
    [ -n "$alive" ] || break
    sleep 1
    n=$((n + 1))
  done
  kill -KILL $pids 2>/dev/null
  if [ -n "$1" ]; then rm -rf -- "$1"; fi
fi
`;

export interface Watchdog {
  /** Which children to end when this process dies. */
  watch(pids: readonly number[]): void;
  /** Lets it go without ending anything. */
  dismiss(): void;
}

/** @param removeDir removed after the children are gone, when the parent died: the data of an ephemeral stack. */
export function startWatchdog(removeDir: string | undefined): Watchdog {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'tickwell-watchdog', removeDir ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell there is no watchdog: the next start then ends what `stack.json` still names.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  // The pipe is a socket, which the type of a child's standard input does not say.
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return {
    watch: (pids) => {
      shell.stdin.write(`${pids.join(' ')}\n`);
    },
    dismiss: () => {
      shell.stdin.end('\n');
    },
  };
}
