import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const BOOTSTRAP = join(import.meta.dirname, '../../../scripts/bootstrap.mjs');
/** Stands in for the program: says when it runs, and what ended it; by itself it ends soon. */
const PROGRAM = [
  "process.on('SIGTERM', () => { console.log('drained'); process.exit(0); });",
  'setTimeout(() => undefined, 20_000);',
  "console.log('up');",
].join(' ');

it('what npm started drains when the shell between them is gone, which passes on no signal', async () => {
  const launcher = `import(${JSON.stringify(BOOTSTRAP)}).then(({ handOver }) => handOver(['-e', process.env.PROGRAM]))`;
  // With a command after it, no shell replaces itself by the launcher.
  const shell = spawn('sh', ['-c', '"$NODE" -e "$LAUNCHER"; true'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NODE: process.execPath,
      LAUNCHER: launcher,
      PROGRAM,
      npm_lifecycle_event: 'start',
    },
  });
  shell.stdout.once('data', () => shell.kill('SIGKILL'));
  expect(await text(shell.stdout)).toBe('up\ndrained\n');
});
