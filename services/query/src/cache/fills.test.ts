import { describe, expect, it } from 'vitest';
import { Fills, type Outcome, type WorkCalls } from './fills.ts';

const CHANGED: Outcome = { kind: 'changed' };
const filled: Outcome = { kind: 'filled', entry: { spans: [], pieces: [] } };

/** Work that goes on until the test says so. */
class Work {
  readonly begun = Promise.withResolvers<WorkCalls>();
  readonly #end = Promise.withResolvers<undefined>();
  readonly run = (calls: WorkCalls): Promise<void> => {
    this.begun.resolve(calls);
    calls.signal.addEventListener('abort', () => {
      this.#end.reject(calls.signal.reason);
    });
    return this.#end.promise;
  };

  end(): void {
    this.#end.resolve(undefined);
  }
}

const never = new AbortController().signal;

describe('a read that fills the cache', () => {
  it('goes on when one of those who wait gives up, and ends with the last one', async () => {
    const [fills, work] = [new Fills(), new Work()];
    const readers = [fills.reader(), fills.reader(), fills.reader()];
    const stops = readers.map(() => new AbortController());
    readers[0]?.start(['a', 'b'], work.run);
    const outcomes = readers.map((reader, at) => reader.outcome('a', stops[at]?.signal ?? never));
    const { signal, settle } = await work.begun.promise;

    // The one that began it leaves first.
    stops[0]?.abort(new Error('gone'));
    await expect(outcomes[0]).rejects.toThrow('gone');
    readers[0]?.end();
    expect(signal.aborted).toBe(false);

    settle('a', filled);
    expect(await outcomes[1]).toBe(filled);
    expect(await outcomes[2]).toBe(filled);
    readers[1]?.end();
    expect(signal.aborted).toBe(false);
    readers[2]?.end();
    expect(signal.aborted).toBe(true);
  });

  it('is nothing to wait for once it was given up: who comes then begins another', async () => {
    const [fills, work, next] = [new Fills(), new Work(), new Work()];
    const first = fills.reader();
    first.start(['a'], work.run);
    await work.begun.promise;
    first.end();
    const second = fills.reader();
    expect(second.has('a')).toBe(false);
    second.start(['a'], next.run);
    const outcome = second.outcome('a', never);
    (await next.begun.promise).settle('a', filled);
    expect(await outcome).toBe(filled);
  });

  it('keeps what it found for a reader that is slow, and what is left has changed', async () => {
    const [fills, work] = [new Fills(), new Work()];
    const reader = fills.reader();
    reader.start(['a', 'b', 'c'], work.run);
    const { settle } = await work.begun.promise;
    settle('a', filled);
    settle('b', filled);
    work.end();
    expect(await reader.outcome('a', never)).toBe(filled);
    expect(fills.isRunning('b')).toBe(false);
    expect(await reader.outcome('b', never)).toBe(filled);
    expect(await reader.outcome('c', never)).toEqual(CHANGED);
  });

  it('is one for everybody who comes while it goes on, also for the parts that it divides a key into', async () => {
    const fills = new Fills();
    const work = new Work();
    const readers = Array.from({ length: 100 }, () => fills.reader());
    for (const reader of readers) if (!reader.has('a')) reader.start(['a'], work.run);
    const whole = readers.map((reader) => reader.outcome('a', never));
    const { settle, join } = await work.begun.promise;
    join(['a1', 'a2']);
    settle('a', { kind: 'divided' });
    expect(new Set((await Promise.all(whole)).map(({ kind }) => kind))).toEqual(new Set(['divided']));
    const parts = readers.map((reader) => reader.outcome('a1', never));
    settle('a1', filled);
    expect(new Set(await Promise.all(parts))).toEqual(new Set([filled]));
    expect(fills.isRunning('a2')).toBe(true);
  });

  it('that fails fails for all, and the next one may begin', async () => {
    const fills = new Fills();
    const readers = [fills.reader(), fills.reader()];
    readers[0]?.start(['a'], () => Promise.reject(new Error('no store')));
    for (const outcome of readers.map((reader) => reader.outcome('a', never)))
      await expect(outcome).rejects.toThrow('no store');
    expect(fills.isRunning('a')).toBe(false);
  });

  it('waits while as many as may be are under way, and gives its place back when nobody wants it any more', async () => {
    const fills = new Fills();
    const works = Array.from({ length: 10 }, () => new Work());
    const readers = works.map((work, at) => {
      const reader = fills.reader();
      reader.start([`${at}`], work.run);
      return reader;
    });
    const begun: number[] = [];
    for (const [at, work] of works.entries()) void work.begun.promise.then(() => begun.push(at));
    await new Promise(setImmediate);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    readers[8]?.end();
    readers[0]?.end();
    await new Promise(setImmediate);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 9]);
  });
});
