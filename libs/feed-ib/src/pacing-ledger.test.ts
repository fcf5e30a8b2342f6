import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from './fixtures/fake-clock.ts';
import { PacingGovernor } from './pacing-governor.ts';
import { PacingLedger } from './pacing-ledger.ts';
import { IB_LIMITS } from './pacing-limits.ts';
import type { PacedRequest } from './pacing-schedule.ts';

const LIMITS = { ...IB_LIMITS, marginMs: 0 };
const WINDOW_MS = LIMITS.history.windowMs;

let dir: string;
let clock: FakeClock;
let dead: Set<number>;
let waits: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickwell-ledger-'));
  clock = new FakeClock();
  dead = new Set();
  waits = [];
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function ledgerOf(pid: number): PacingLedger {
  return new PacingLedger({
    dir: join(dir, 'gateway'),
    clock,
    limits: LIMITS,
    pid,
    isAlive: (other) => !dead.has(other),
    onWait: (waitMs, pids) => waits.push(`${pid} waits ${waitMs} ms for ${pids.join(',')}`),
    onBroken: (error) => waits.push(String(error)),
  });
}

let asked = 0;
function request(of: Partial<PacedRequest> = {}): PacedRequest {
  asked++;
  const own = { identity: `question ${asked}`, group: `contract ${asked}` };
  return { lane: 'backfill', instrument: `${asked}`, history: 'small', weight: 1, ...own, ...of };
}

/** Asks and is answered at once, so often. */
async function use(ledger: PacingLedger, times: number): Promise<void> {
  for (let time = 0; time < times; time++) (await ledger.take(request()))();
}

describe('processes that share a Gateway', () => {
  it('do not wait for anybody while they are alone', async () => {
    const only = ledgerOf(1);
    await use(only, 200);
    expect(waits).toEqual([]);
  });

  it('wait until what the others asked is out of the window, and say for whom', async () => {
    const [first, second] = [ledgerOf(1), ledgerOf(2)];
    await use(first, 58);
    let isThrough = false;
    void second.take(request()).then(() => (isThrough = true));
    await clock.advance(WINDOW_MS - 1000);
    expect(isThrough).toBe(false);
    await clock.advance(2000);
    expect(isThrough).toBe(true);
    expect(waits).toEqual([`2 waits ${WINDOW_MS} ms for 1`]);
  });

  it('count what a process asked that has ended, and forget it afterwards', async () => {
    await use(ledgerOf(1), 60);
    // One question had no answer when it ended.
    void ledgerOf(1).take(request());
    await settle();
    dead.add(1);
    const again = ledgerOf(2);
    let isThrough = false;
    void again.take(request()).then(() => (isThrough = true));
    await clock.advance(1000);
    expect(readdirSync(join(dir, 'gateway'))).toContain('1.json');
    await clock.advance(WINDOW_MS);
    expect(isThrough).toBe(true);
    await use(again, 1);
    expect(readdirSync(join(dir, 'gateway'))).toEqual(['2.json']);
  });

  it('do not ask the same twice within 15 s, nor one contract too often', async () => {
    const [first, second] = [ledgerOf(1), ledgerOf(2)];
    const same = request();
    (await first.take(same))();
    const started: string[] = [];
    for (let time = 0; time < 3; time++)
      void second.take(request({ group: same.group })).then(() => started.push('contract'));
    void second.take({ ...same, group: '' }).then(() => started.push('same'));
    await clock.advance(1500);
    // Of five the first has one, and both may ask for two more at the same moment.
    expect(started).toEqual(['contract', 'contract']);
    await clock.advance(5000);
    expect(started).toEqual(['contract', 'contract', 'contract']);
    await clock.advance(15_000);
    expect(started.at(-1)).toBe('same');
  });

  it('are not held up by a file that is none of theirs', async () => {
    const only = ledgerOf(1);
    for (const [name, text] of [
      ['7.json', '{"no": "list"}'],
      ['8.json', '[{"window":"small"},{"weight":1},null,7'],
      ['notes.txt', 'x'],
    ] as const)
      writeFileSync(join(dir, 'gateway', name), text);
    dead.add(7).add(8);
    await use(only, 10);
    expect(readdirSync(join(dir, 'gateway')).sort()).toEqual(['1.json', 'notes.txt']);
  });

  it('give up waiting with the signal', async () => {
    const [first, second] = [ledgerOf(1), ledgerOf(2)];
    await use(first, 58);
    const stop = new AbortController();
    const governor = new PacingGovernor(clock, LIMITS, second);
    const waiting = governor.acquire(request(), stop.signal);
    await settle();
    stop.abort(new Error('stopped by the test'));
    await expect(waiting).rejects.toThrow('stopped by the test');
  });

  it('never exceed 60 in ten minutes together, whoever asks when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            process: fc.integer({ min: 0, max: 1 }),
            pauseMs: fc.integer({ min: 0, max: 60_000 }),
            burst: fc.integer({ min: 1, max: 20 }),
            weight: fc.integer({ min: 1, max: 2 }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (steps) => {
          clock = new FakeClock();
          rmSync(dir, { recursive: true, force: true });
          const governors = [11, 12].map((pid) => new PacingGovernor(clock, LIMITS, ledgerOf(pid)));
          const starts: { readonly atMs: number; readonly weight: number }[] = [];
          let left = 0;
          for (const { process, pauseMs, burst, weight } of steps) {
            await clock.advance(pauseMs);
            for (let time = 0; time < burst; time++) {
              left++;
              void governors[process]?.acquire(request({ weight })).then((permit) => {
                left--;
                starts.push({ atMs: clock.monotonicMs(), weight });
                permit.finish('answered');
              });
            }
          }
          for (let round = 0; left > 0 && round < 40; round++) await clock.advance(WINDOW_MS / 4);
          expect(left).toBe(0);
          for (const { atMs } of starts) {
            const within = starts.filter((start) => start.atMs <= atMs && start.atMs > atMs - WINDOW_MS);
            expect(within.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(60);
          }
        },
      ),
      { numRuns: 6 },
    );
  }, 60_000);
});
