import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countRecord } from './counts.ts';
import { KeyState, MAX_COUNTS, MAX_STREAMS } from './key-state.ts';
import { ClockState } from './market/clock-state.ts';
import { PriceState } from './market/price-state.ts';
import { DEFAULT_SETTINGS } from './settings/settings.ts';
import { VersionWindow, type Statement } from './version-window.ts';
import { MAX_SERIES, MAX_VERSIONS, MAX_VERSIONS_PER_SERIES } from './version-windows.ts';

const RULES = DEFAULT_SETTINGS.of('X').rules;
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
          if (rest.seq > 0n) entry.prices = new PriceState();
          if (rest.seq < 0n) entry.clock = new ClockState();
          entry.prices?.take({ price: numbers[0] ?? 1, gapS: 1 }, rest.timeNs, RULES);
          entry.clock?.take(Number(rest.seq % 100n), 0);
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
    expect(KeyState.decode(4, bytes)).toEqual({
      ok: false,
      error: 'version 4 is not known, this build reads up to 3: run the newer build',
    });
    const state = new KeyState();
    state.stream('trades', 'a#X').numbers.push(1, 2);
    state.versions('5m/trade', 'a').take({ startNs: 7n, hash: -5n, knownNs: 9n });
    const good = state.encode();
    for (let length = 0; length < good.length; length++) {
      expect(KeyState.decode(3, good.subarray(0, length)).ok).toBe(false);
    }
  });
});

describe('versions of bars', () => {
  const statement = fc.record({
    source: fc.constantFrom('a', 'b', 'c'),
    interval: fc.constantFrom('1d', '5m', '1s'),
    startNs: fc.bigInt({ min: -9n, max: 40n }).map((count) => count * 500_000_000n),
    hash: int64,
    knownNs: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  });

  it('are the same after being written and read, and go on the same way', () => {
    fc.assert(
      fc.property(fc.array(statement), fc.array(statement), (before, after) => {
        const state = new KeyState();
        takeAll(state, before);
        const read = KeyState.decode(KeyState.version, state.encode());
        if (!read.ok) throw new Error(read.error);
        for (const each of [state, read.value]) takeAll(each, after);
        expect(read.value.encode()).toEqual(state.encode());
      }),
    );
  });

  const of = (day: number): Statement => ({
    startNs: BigInt(day) * 86_400_000_000_000n,
    hash: -1n << 62n,
    knownNs: 0n,
  });

  /** The oldest day of so many whose version is remembered. */
  function oldestKnown(state: KeyState, series: string, days: number): number {
    for (let day = 0; day < days; day++)
      if (state.versions(series, 'a').verdict(of(day)) === 'unchanged') return day;
    return days;
  }

  it('are the newest of each series, which share what there is of a key', () => {
    const state = new KeyState();
    const series = ['1m', '5m', '1d', '1w', '1mo', '1h'];
    for (const count of [1, 3, 6]) {
      for (let day = 0; day < 1000; day++)
        for (const each of series.slice(0, count)) state.versions(each, 'a').take(of(day));
      const remembered = Math.min(MAX_VERSIONS_PER_SERIES, MAX_VERSIONS / count);
      for (const each of series.slice(0, count))
        expect(oldestKnown(state, each, 1000), each).toBe(1000 - remembered);
    }
  });

  it('are bounded however many series and bars there are', () => {
    const state = new KeyState();
    for (let series = 0; series < 5 * MAX_SERIES; series++)
      for (let day = 0; day < 500; day++) state.versions(`s${series}`, 'a').take(of(day));
    expect(state.encode().length).toBeLessThan(MAX_VERSIONS * 24);
    expect(oldestKnown(state, `s${5 * MAX_SERIES - 1}`, 500)).toBe(500 - MAX_VERSIONS / MAX_SERIES);
  });

  it('are those of the newest bars, in whatever order bars come', () => {
    const start = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(fc.array(start, { maxLength: 600 }), (starts) => {
        const window = new VersionWindow(16);
        const model = new Map<number, true>();
        for (const each of starts) {
          window.take({ startNs: BigInt(each), hash: BigInt(each), knownNs: 1n });
          model.set(each, true);
          if (model.size > 16) model.delete(Math.min(...model.keys()));
          expect(window.size).toBe(model.size);
        }
        for (let at = 0; at <= 400; at++)
          expect(window.verdict({ startNs: BigInt(at), hash: BigInt(at), knownNs: 1n })).toBe(
            model.has(at) ? 'unchanged' : 'open',
          );
      }),
      { numRuns: 50 },
    );
  });

  it('of a state written before there were any are none, and come', () => {
    const state = new KeyState();
    state.stream('5m/trade', 'a#X').position = 3n;
    const bytes = state.encode();
    const stream = bytes.subarray(0, bytes.length - 4);
    const [noCounts, noVersions] = [0, 0];
    // The oldest layout ended where the versions begin; neither had prices and clocks of streams.
    for (const [version, rest] of [
      [1, [noCounts]],
      [2, [noCounts, noVersions]],
    ] as const) {
      const read = KeyState.decode(version, new Uint8Array([...stream, ...rest]));
      if (!read.ok) throw new Error(read.error);
      expect(read.value.encode()).toEqual(bytes);
    }
  });
});

function takeAll(
  state: KeyState,
  statements: readonly (Statement & { readonly source: string; readonly interval: string })[],
): void {
  for (const { source, interval, ...rest } of statements) state.versions(interval, source).take(rest);
}

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
