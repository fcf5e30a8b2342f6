import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceBars, exactSum } from './fixtures/reference.ts';
import { anyLog, anyTrades, feed, INTERVALS, newest, PLANS, type Chunk } from './fixtures/trades.ts';
import { TradeBars } from './trade-bars.ts';

const ROOMY = { retainedBars: 1_000, formingBars: 1_000 };
const TIGHT = { retainedBars: 2, formingBars: 3 };
const anyCase = anyTrades().chain((trades) =>
  anyLog(trades).map((log): { trades: typeof trades; log: Chunk[] } => ({ trades, log })),
);

describe('bars of trades', () => {
  it('are the same in any order and any batches: a late trade gives what it would have given in time', () => {
    fc.assert(
      fc.property(anyCase, ({ trades, log }) => {
        const bars = new TradeBars(PLANS, ROOMY);
        const built = newest(log.map((chunk) => feed(bars, chunk)));
        for (const interval of INTERVALS) {
          const wanted = referenceBars(trades, interval);
          const got = [...(built.get(interval.text)?.values() ?? [])].sort((a, b) =>
            Number(a.startNs - b.startNs),
          );
          expect(got.map((bar) => bar.startNs)).toStrictEqual(wanted.map((bar) => bar.startNs));
          for (const [index, bar] of got.entries()) expect(bar).toMatchObject(wanted[index]!);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('come out in the same order for any batches of trades in order', () => {
    fc.assert(
      fc.property(anyTrades(), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (trades, cuts) => {
        const run = (cut: (index: number) => boolean): unknown[] => {
          const bars = new TradeBars(PLANS, TIGHT);
          const out: unknown[] = [];
          let from = 0;
          trades.forEach((trade, index) => {
            if (!cut(index)) return;
            const chunk = { trades: trades.slice(from, index + 1), knownAtNs: 1n, watermarkNs: trade.timeNs };
            from = index + 1;
            out.push(
              ...feed(bars, chunk).closed.map(({ interval: { text }, bars: closed }) => ({ text, closed })),
            );
          });
          return INTERVALS.map(({ text }) =>
            (out as { text: string; closed: unknown[] }[])
              .filter((part) => part.text === text)
              .flatMap((part) => part.closed),
          );
        };
        const last = trades.length - 1;
        expect(run((index) => index === last || cuts[index] === true)).toStrictEqual(run(() => true));
        expect(run((index) => index === last)).toStrictEqual(run(() => true));
      }),
    );
  });

  it('do not notice a restart, at any point', () => {
    fc.assert(
      fc.property(anyCase, fc.constantFrom(ROOMY, TIGHT), ({ log }, limits) => {
        const steady = new TradeBars(PLANS, limits);
        let restarted = new TradeBars(PLANS, limits);
        for (const chunk of log) {
          const restored = TradeBars.restore(restarted.snapshot(), PLANS, limits);
          if (!restored.ok) throw new Error(restored.error);
          restarted = restored.value;
          expect(feed(restarted, chunk)).toStrictEqual(feed(steady, chunk));
          expect(restarted.snapshot()).toStrictEqual(steady.snapshot());
        }
      }),
    );
  });

  it('keep the volume: what went in is in a bar or was reported too late', () => {
    const lots = anyTrades(fc.integer({ min: 0, max: 1_000_000 }));
    fc.assert(
      fc.property(
        lots.chain((trades) => fc.tuple(fc.constant(trades), anyLog(trades))),
        ([trades, log]) => {
          const bars = new TradeBars(PLANS, TIGHT);
          const outcomes = log.map((chunk) => feed(bars, chunk));
          const built = newest(outcomes);
          for (const { text } of INTERVALS) {
            const late = outcomes.flatMap(({ tooLate }) =>
              tooLate.filter(({ interval }) => interval === text),
            );
            const closed = [...(built.get(text)?.values() ?? [])];
            const volumes = [...closed.map(({ volume }) => volume), ...late.map(({ volume }) => volume)];
            expect(exactSum(volumes)).toBe(exactSum(trades.map(({ size }) => size)));
            const counts = [...closed.map(({ tradeCount }) => tradeCount), ...late.map(({ count }) => count)];
            expect(exactSum(counts)).toBe(trades.length);
          }
        },
      ),
    );
  });

  it('hold low ≤ open, close, vwap ≤ high, and say the greatest known-at of what is in them', () => {
    fc.assert(
      fc.property(anyCase, ({ log }) => {
        const bars = new TradeBars(PLANS, TIGHT);
        for (const chunk of log) {
          for (const { bars: closed } of feed(bars, chunk).closed) {
            for (const { open, high, low, close, vwap, knownAtNs, corrected } of closed) {
              expect(low <= open && low <= close && open <= high && close <= high).toBe(true);
              expect(Number.isNaN(vwap) || (low <= vwap && vwap <= high)).toBe(true);
              if (corrected) expect(knownAtNs).toBeGreaterThanOrEqual(chunk.knownAtNs);
            }
          }
        }
      }),
    );
  });
});
