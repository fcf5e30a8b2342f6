import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const FIXTURE = fileURLToPath(new URL('fixtures/service-process.ts', import.meta.url));

interface Running {
  readonly child: ChildProcess;
  /** Exit code, once it ended. */
  readonly exited: Promise<number | null>;
  /** Resolves with the first log line that holds the text. */
  logged(text: string): Promise<string>;
}

const children: ChildProcess[] = [];

function start(env: Record<string, string>): Running {
  const child = spawn(process.execPath, [FIXTURE], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  children.push(child);
  let output = '';
  const waiting = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    for (const check of waiting) check();
  });
  return {
    child,
    exited: new Promise((resolve) => child.once('close', resolve)),
    logged: (text) =>
      new Promise((resolve) => {
        const check = (): void => {
          const line = output.split('\n').find((candidate) => candidate.includes(text));
          if (line !== undefined) resolve(line);
        };
        waiting.add(check);
        check();
      }),
  };
}

async function portOf(running: Running): Promise<number> {
  const line = await running.logged('health and metrics on');
  return Number(/"port":(\d+)/.exec(line)?.[1]);
}

/** The state behind /readyz changes once the service was built: ask until it says something else than "starting". */
async function readiness(port: number): Promise<{ status: number; text: string }> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    const text = await response.text();
    if (text !== 'starting\n') return { status: response.status, text };
  }
}

describe('runService', () => {
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('serves health and metrics, drains on SIGTERM and exits 0', async () => {
    const running = start({});
    const port = await portOf(running);
    expect(await readiness(port)).toEqual({ status: 200, text: 'ok\n' });
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(/^tickwell_process_resident_bytes[^\n]* \d+/m);
    running.child.kill('SIGTERM');
    expect(await running.exited).toBe(0);
  });

  it('tells what a full collection of garbage left', async () => {
    const port = await portOf(start({ TEST_BEHAVIOUR: 'collect' }));
    const retained = async (): Promise<number> => {
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/^tickwell_process_retained_heap_bytes[^\n]* (\d+)/m.exec(metrics)?.[1] ?? 0);
    };
    await expect.poll(retained, { timeout: 20_000 }).toBeGreaterThan(1_000_000);
  });

  it('says why it is not ready', async () => {
    const running = start({ TEST_BEHAVIOUR: 'unready' });
    expect(await readiness(await portOf(running))).toEqual({ status: 503, text: 'waiting for the store\n' });
  });

  it('ends with 1 and one line when the service fails', async () => {
    const running = start({ TEST_BEHAVIOUR: 'fail' });
    expect(await running.logged('the log is gone really')).toContain('"level":60');
    expect(await running.exited).toBe(1);
  });

  it('ends with 1 when it does not stop within the deadline', async () => {
    const running = start({ TEST_BEHAVIOUR: 'hang', TICKWELL_STOP_DEADLINE_MS: '100' });
    await readiness(await portOf(running));
    running.child.kill('SIGTERM');
    expect(await running.logged('did not stop within 100 ms')).toContain('TICKWELL_STOP_DEADLINE_MS');
    expect(await running.exited).toBe(1);
  });

  it('drains and exits 0 when its parent is gone, if asked to', async () => {
    const running = start({ TICKWELL_EXIT_WITH_PARENT: 'true' });
    await readiness(await portOf(running));
    running.child.stdin?.destroy();
    expect(await running.exited).toBe(0);
  });

  it('ends with 2 and a line per problem when the configuration is wrong', async () => {
    const running = start({ TICKWELL_LOG_LEVEL: 'loud', TICKWELL_METRICS_PORT: '-5' });
    expect(await running.logged('TICKWELL_LOG_LEVEL')).toContain('must be one of');
    expect(await running.logged('TICKWELL_METRICS_PORT')).toContain('whole number');
    expect(await running.exited).toBe(2);
  });
});
