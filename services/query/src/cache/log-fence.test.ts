import { describe, expect, it } from 'vitest';
import { LogFence } from './log-fence.ts';

const PLACE = { topic: 't', partition: 1 };

type Ends = ReadonlyMap<number, bigint>;

/** A log whose questions are answered by hand, and a process that has seen it up to somewhere. */
class Log {
  readonly asked: PromiseWithResolvers<Ends>[] = [];
  at = 10n;
  nowMs = 0;
  readonly fence = new LogFence({
    ends: () => {
      const question = Promise.withResolvers<Ends>();
      this.asked.push(question);
      return question.promise;
    },
    seen: { nextOffset: () => this.at },
    timeoutMs: 1_000_000,
    pauseMs: 1_000,
    nowMs: () => this.nowMs,
  });
}

function answer({ asked }: Log, at: number, end: bigint): void {
  asked[at]?.resolve(new Map([[PLACE.partition, end]]));
}

async function turn(): Promise<void> {
  await new Promise(setImmediate);
}

describe('the fence', () => {
  it('asks one question for all who come while one is under way, and never answers one by a question that is older', async () => {
    const log = new Log();
    const first = log.fence.passed([PLACE]);
    await turn();
    const later = Array.from({ length: 50 }, () => log.fence.passed([PLACE]));
    await turn();
    expect(log.asked).toHaveLength(1);
    answer(log, 0, 10n);
    expect(await first).toBe(true);
    await turn();
    expect(log.asked).toHaveLength(2);
    // Written after the first question and before the second: those who came later must have seen it.
    answer(log, 1, 11n);
    await turn();
    const early = await Promise.race([...later, turn().then(() => 'waits')]);
    expect(early).toBe('waits');
    log.at = 11n;
    log.fence.advanced();
    expect(new Set(await Promise.all(later))).toEqual(new Set([true]));
    expect(log.asked).toHaveLength(2);
  });

  it('passes nobody where the log ends before what was seen of it: it is another one', async () => {
    const log = new Log();
    const passed = log.fence.passed([PLACE]);
    await turn();
    answer(log, 0, 3n);
    expect(await passed).toBe(false);
  });

  it('asks nobody for a while after a question that failed', async () => {
    const log = new Log();
    const passed = log.fence.passed([PLACE]);
    await turn();
    log.asked[0]?.reject(new Error('no broker'));
    expect(await passed).toBe(false);
    expect(await log.fence.passed([PLACE])).toBe(false);
    expect(log.asked).toHaveLength(1);
    log.nowMs = 1_000;
    const again = log.fence.passed([PLACE]);
    await turn();
    answer(log, 1, 10n);
    expect(await again).toBe(true);
  });
});
