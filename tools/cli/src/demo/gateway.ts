import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TickwellError } from '@tickwell/domain';
import type { CliContext } from '../context.ts';

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 5_000;

export interface SimulatedGateway {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * The simulated Gateway (`npm run ib-sim`) as a process of its own, on a free port, its clock from `startMs` at `speed`.
 *
 * @throws TickwellError `gateway-failed` with what it said, where it does not come up.
 */
export async function startGateway(
  { root, env }: CliContext,
  { startMs, speed }: { readonly startMs: number; readonly speed: number },
): Promise<SimulatedGateway> {
  const args = [
    '--port',
    '0',
    '--json',
    '--speed',
    String(speed),
    '--start',
    new Date(startMs).toISOString(),
  ];
  const child = spawn(process.execPath, [join(root, 'tools/ib-gateway-sim/src/main.ts'), ...args], {
    cwd: root,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C goes to this process, which ends it once nobody listens any more.
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-1_000);
  });
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      resolve();
    }),
  );
  const killNow = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killNow);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(killNow, STOP_DEADLINE_MS);
    await ended;
    clearTimeout(timer);
    process.off('exit', killNow);
  };
  const failed = ended.then((): never => {
    throw new TickwellError(
      'gateway-failed',
      `the simulated Gateway ended: ${said.trim() || 'it said nothing'}`,
    );
  });
  const late = new Promise<never>((_resolve, reject) => {
    AbortSignal.timeout(READY_DEADLINE_MS).addEventListener('abort', () => {
      reject(
        new TickwellError(
          'gateway-failed',
          `the simulated Gateway is not ready after ${READY_DEADLINE_MS / 1000} s`,
        ),
      );
    });
  });
  failed.catch(() => undefined);
  late.catch(() => undefined);
  try {
    return { port: await Promise.race([portOf(child.stdout), failed, late]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The port of its ready line; what else it says is read and dropped. */
async function portOf(stdout: NodeJS.ReadableStream): Promise<number> {
  const ready = Promise.withResolvers<number>();
  createInterface({ input: stdout }).on('line', (line) => {
    const match = /"event":"ready","port":(\d+)/.exec(line);
    if (match !== null) ready.resolve(Number(match[1]));
  });
  return ready.promise;
}
