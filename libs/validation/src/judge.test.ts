import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { context, DAY_NS, judged, positions, trades } from './fixtures/events.ts';
import { judge, positionsIncrease } from './judge.ts';
import { TRADES } from './kinds/trades.ts';
import { createStream } from './stream-state.ts';

describe('judge', () => {
  it('keeps byte-identical separate prints: equal in everything but seq they are real trades', () => {
    const print = { timeNs: DAY_NS, price: 7, size: 100 };
    const judgement = judged(TRADES, trades(...[0n, 1n, 2n, 3n].map((seq) => ({ ...print, seq }))), 4);
    expect(judgement).toMatchObject({ received: 4, accepted: 'all', duplicates: 0, refusals: [] });
  });

  it('counts repeats of a resumed writer by position, and judges what is new of a batch', () => {
    const stream = createStream();
    judged(TRADES, trades({}, {}, {}), 3, { stream });
    const judgement = judged(TRADES, trades({}, {}, {}, {}, { price: NaN }), 5, { stream });
    expect(judgement).toMatchObject({ received: 5, accepted: [3], duplicates: 3 });
    expect(judgement.refusals.map(({ index }) => index)).toEqual([4]);
    expect(judged(TRADES, trades({}, {}, {}, {}, { price: NaN }), 5, { stream })).toMatchObject({
      accepted: [],
      duplicates: 5,
      refusals: [],
    });
  });

  it('compares with the last accepted event: a refused one leaves no trace', () => {
    const future = { timeNs: DAY_NS * 2n };
    const judgement = judged(TRADES, trades({}, future, {}, { price: -1 }, {}), 5);
    expect(judgement.accepted).toEqual([0, 2, 4]);
    expect(judgement.refusals.map(({ rule }) => rule)).toEqual(['time-in-future', 'price-positive']);
  });

  it('says once per batch and rule what is odd, with count and span', () => {
    const jumps = trades({ price: 1 }, { price: 10 }, { price: 1 }, { price: 1 });
    const { findings, accepted } = judged(TRADES, jumps, 4);
    expect(accepted).toBe('all');
    expect(findings).toEqual([
      {
        rule: 'price-jump',
        count: 2,
        message:
          'file:test#AAPL position 2: trade of AAPL at 2024-01-02T00:00:01Z: price moved from 1 to 10, more than 50 % (price-jump); 1 more up to position 3',
        startNs: DAY_NS + 1_000_000_000n,
        endNs: DAY_NS + 2_000_000_000n,
        position: 2n,
      },
    ]);
  });

  it('takes an empty batch', () => {
    expect(judged(TRADES, trades(), 0)).toMatchObject({ received: 0, accepted: 'all', duplicates: 0 });
  });

  it('comes to the same verdicts however the stream is cut into batches, and every event is counted once', () => {
    const event = fc.record({
      timeNs: fc.integer({ min: 0, max: 6 }).map((step) => DAY_NS + BigInt(step)),
      seq: fc.bigInt({ min: 0n, max: 2n }),
      price: fc.constantFrom(1, 1, 1, 2, 5, NaN, -1),
      size: fc.constantFrom(1, 1, 1, NaN),
    });
    const inputs = [fc.array(event, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 6 })] as const;
    fc.assert(
      fc.property(...inputs, (events, cuts) => {
        const whole = verdicts(events, [events.length]);
        expect(verdicts(events, cuts)).toEqual(whole);
        expect(whole).toHaveLength(events.length);
      }),
    );
  });
});

/** What became of each event, in order, when the stream is cut at the given indexes. */
function verdicts(events: readonly Parameters<typeof trades>[number][], cuts: readonly number[]): string[] {
  const stream = createStream();
  const bounds = [0, ...cuts.filter((cut) => cut < events.length).sort((a, b) => a - b), events.length];
  return bounds.slice(1).flatMap((end, part) => {
    const start = bounds[part] ?? 0;
    const chunk = events.slice(start, end);
    const judgement = judge(TRADES, trades(...chunk), positions(chunk.length, start + 1), stream, context());
    const said = new Map<number, string>(judgement.refusals.map(({ index, rule }) => [index, rule]));
    for (const index of judgement.accepted === 'all' ? chunk.keys() : judgement.accepted)
      said.set(index, 'accepted');
    expect(judgement.duplicates).toBe(chunk.length - said.size);
    return chunk.map((_event, index) => said.get(index) ?? 'duplicate');
  });
}

describe('positionsIncrease', () => {
  it.each([
    { list: [], increase: true },
    { list: [1n, 2n, 9n], increase: true },
    { list: [0n], increase: false },
    { list: [1n, 1n], increase: false },
    { list: [2n, 1n], increase: false },
    { list: [2n ** 63n - 1n], increase: true },
    { list: [2n ** 63n], increase: false },
  ])('of $list: $increase', ({ list, increase }) => {
    expect(positionsIncrease(list)).toBe(increase);
  });
});
