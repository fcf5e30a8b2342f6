import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from './file-lock.ts';
import { identify, isRunning, parseProcStat, parsePsLine } from './process-identity.ts';
import { newSecrets, parseState, readState, writeState } from './state.ts';
import type { StackState } from './state.ts';
import { restartDelayMs } from './supervise.ts';

const STATE: StackState = {
  version: 1,
  mode: 'detached',
  owner: { pid: 10, startToken: 'a' },
  ports: { kafka: 1, kafkaController: 2, questdbHttp: 3, questdbPg: 4 },
  secrets: newSecrets(),
  processes: { kafka: { pid: 11, startToken: 'b' } },
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tickwell-state-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('stack.json', () => {
  it('comes back as it was written, readable by its owner only', async () => {
    const path = join(dir, 'stack.json');
    await writeState(path, STATE);
    expect(await readState(path)).toEqual(STATE);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['stack.json']);
  });

  it('is nothing where there is none', async () => {
    expect(await readState(join(dir, 'nowhere', 'stack.json'))).toBeUndefined();
  });

  it('is refused by name when it is not ours', async () => {
    const path = join(dir, 'stack.json');
    await writeFile(path, '{"version": 2}');
    await expect(readState(path)).rejects.toMatchObject({ code: 'stack.bad_state' });
  });

  it.each([
    ['', 'not JSON'],
    ['null', 'not an object'],
    [JSON.stringify({ ...STATE, version: 2 }), 'another version'],
    [JSON.stringify({ ...STATE, mode: 'x' }), 'unknown mode'],
    [JSON.stringify({ ...STATE, ports: { ...STATE.ports, kafka: 70_000 } }), 'no port'],
    [JSON.stringify({ ...STATE, owner: { pid: '1' } }), 'no identity'],
    [JSON.stringify({ ...STATE, secrets: {} }), 'no secrets'],
  ])('%s is not a state: %s', (text) => {
    expect(parseState(text)).toBeUndefined();
  });
});

describe('identity of a process', () => {
  it('tells this process from a later one with its number', async () => {
    const self = await identify(process.pid);
    expect(self?.pid).toBe(process.pid);
    expect(await isRunning(self!)).toBe(true);
    expect(await isRunning({ ...self!, startToken: 'earlier' })).toBe(false);
    expect(await identify(2 ** 30)).toBeUndefined();
  });

  it('reads the start time behind a name with spaces and parentheses, and no zombie', () => {
    const rest = Array.from({ length: 30 }, (_, i) => String(i + 4)).join(' ');
    expect(parseProcStat(`7 (a) b (c)) S ${rest}`)).toBe('22');
    expect(parseProcStat(`7 (java) Z ${rest}`)).toBeUndefined();
  });

  it('reads the answer of ps, and no zombie', () => {
    expect(parsePsLine('Ss   Mon Nov 23 18:28:30 2026\n')).toBe('Mon Nov 23 18:28:30 2026');
    expect(parsePsLine('Z    Mon Nov 23 18:28:30 2026\n')).toBeUndefined();
    expect(parsePsLine('')).toBeUndefined();
  });
});

describe('the lock', () => {
  it('lets one in at a time, and every one in the end', async () => {
    const lock = join(dir, 'x.lock');
    let inside = 0;
    let entered = 0;
    const enter = (): Promise<void> =>
      withFileLock(lock, { deadlineMs: 20_000 }, async () => {
        inside += 1;
        expect(inside).toBe(1);
        entered += 1;
        await readdir(dir);
        inside -= 1;
      });
    await Promise.all([enter(), enter(), enter()]);
    expect(entered).toBe(3);
    expect(await readdir(dir)).toEqual([]);
  });

  it('is taken from a holder that died', async () => {
    const lock = join(dir, 'x.lock');
    await writeFile(lock, `${2 ** 30} 123 dead`);
    expect(await withFileLock(lock, { deadlineMs: 5000 }, () => readFile(lock, 'utf8'))).toMatch(
      new RegExp(`^${process.pid} `),
    );
  });

  it('is left to a holder that lives, and says who', async () => {
    const lock = join(dir, 'x.lock');
    const waited: number[] = [];
    await withFileLock(lock, { deadlineMs: 0 }, async () => {
      const second = withFileLock(lock, { deadlineMs: 0, onWait: (pid) => waited.push(pid) }, () =>
        Promise.resolve(),
      );
      await expect(second).rejects.toMatchObject({ code: 'stack.locked', retryable: true });
    });
    expect(waited).toEqual([process.pid]);
  });

  it('is released when the work fails', async () => {
    const lock = join(dir, 'x.lock');
    await expect(
      withFileLock(lock, { deadlineMs: 0 }, () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no');
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('restarts of a process that keeps dying', () => {
  it('come ever later and then no more', () => {
    const delays = Array.from({ length: 8 }, (_, i) => restartDelayMs(i + 1));
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, undefined, undefined]);
  });
});
