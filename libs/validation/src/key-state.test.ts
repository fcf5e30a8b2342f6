import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countRecord } from './counts.ts';
import { KeyState, MAX_COUNTS, MAX_STREAMS } from './key-state.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const stream = fc.record({
  series: fc.constantFrom('trades', '5m/trade'),
  origin: fc.string(),
  position: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  hasLast: fc.boolean(),
  timeNs: int64,
  seq: int64,
  numbers: fc.array(fc.double(), { maxLength: 8 }),
  texts: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 2 }),
});

describe('KeyState', () => {
  it('is the same after being written and read', () => {
    fc.assert(
      fc.property(fc.array(stream), fc.array(fc.nat({ max: 1_000_000 })), (streams, received) => {
        const state = new KeyState();
        for (const { series, origin, numbers, texts, ...rest } of streams) {
          const entry = state.stream(series, origin);
          Object.assign(entry, rest);
          entry.numbers.push(...numbers);
          entry.texts.push(...texts);
        }
        for (const accepted of received) {
          countRecord(
            state.counts(`s${accepted % 3}`, 'trades'),
            { accepted, deadLettered: 1, duplicates: 2 },
            64,
          );
        }
        const bytes = state.encode();
        const decoded = KeyState.decode(KeyState.version, bytes);
        if (!decoded.ok) throw new Error(decoded.error);
        expect(decoded.value.encode()).toEqual(bytes);
      }),
    );
  });

  it('remembers a bounded number of streams and sources, and forgets what was used longest ago', () => {
    const state = new KeyState();
    for (let n = 0; n < 10_000; n++) {
      state.stream('trades', `file:${n}#AAPL`).position = 7n;
      state.counts(`source${n}`, 'trades').received = 7;
      state.stream('trades', 'live#AAPL').position = 9n;
    }
    expect(state.encode().length).toBeLessThan(64 * (MAX_STREAMS + MAX_COUNTS));
    expect(state.stream('trades', 'live#AAPL').position).toBe(9n);
    expect(state.stream('trades', 'file:9999#AAPL').position).toBe(7n);
    expect(state.stream('trades', 'file:0#AAPL').position).toBe(0n);
    expect(state.counts('source9999', 'trades').received).toBe(7);
    expect(state.counts('source0', 'trades').received).toBe(0);
  });

  it('forgets in the same order after a restart', () => {
    const before = new KeyState();
    for (let n = 0; n < MAX_STREAMS; n++) before.stream('trades', `s${n}`).position = 1n;
    before.stream('trades', 's0');
    const decoded = KeyState.decode(KeyState.version, before.encode());
    if (!decoded.ok) throw new Error(decoded.error);
    for (const state of [before, decoded.value]) {
      state.stream('trades', 'new');
      expect(state.stream('trades', 's0').position).toBe(1n);
    }
    expect(decoded.value.encode()).toEqual(before.encode());
  });

  it('finds the last accepted time of a stream over its series, and the kinds of a source', () => {
    const state = new KeyState();
    state.stream('trades', 'a#X').timeNs = 5n;
    state.stream('quotes', 'a#X').timeNs = 9n;
    state.stream('quotes', 'b#a#X').timeNs = 99n;
    expect(state.lastAcceptedNs('a#X')).toBe(9n);
    expect(state.lastAcceptedNs('X')).toBe(0n);
    state.counts('a', 'trades').received = 1;
    state.counts('a', 'quotes').received = 2;
    state.counts('b#a', 'quotes').received = 3;
    expect(state.countsOf('a').map(({ kind, counts }) => [kind, counts.received])).toEqual([
      ['trades', 1],
      ['quotes', 2],
    ]);
  });

  it('refuses a version it does not know and damaged bytes, on one line', () => {
    const bytes = new KeyState().encode();
    expect(KeyState.decode(2, bytes)).toEqual({
      ok: false,
      error: 'version 2 is not known, this build reads 1: run the newer build',
    });
    const state = new KeyState();
    state.stream('trades', 'a#X').numbers.push(1, 2);
    const good = state.encode();
    for (let length = 0; length < good.length; length++) {
      expect(KeyState.decode(1, good.subarray(0, length)).ok).toBe(false);
    }
  });
});

describe('countRecord', () => {
  it('reports what did not go through at once, and everything else every so many records', () => {
    const state = new KeyState();
    const counts = state.counts('a', 'trades');
    const fine = { accepted: 5, deadLettered: 0, duplicates: 0 };
    expect([1, 2, 3].map(() => countRecord(counts, fine, 3))).toEqual([false, false, true]);
    counts.unreported = 0;
    expect(countRecord(counts, { ...fine, deadLettered: 1 }, 3)).toBe(true);
    expect(countRecord(counts, { ...fine, duplicates: 1 }, 3)).toBe(true);
    expect(counts).toEqual({ received: 27, accepted: 25, deadLettered: 1, duplicates: 1, unreported: 2 });
  });
});
