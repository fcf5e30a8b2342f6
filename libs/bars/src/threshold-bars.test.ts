import { calendar } from '@tickwell/calendar';
import { parseBarLength, type ThresholdLength } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bar } from './bar.ts';
import type { BarPlan } from './builder.ts';
import { exactSum } from './fixtures/reference.ts';
import { anyLog, anyTrades, feed, interval, newest, type Trade } from './fixtures/trades.ts';
import { sessionGrid } from './session-grid.ts';
import { TradeBars } from './trade-bars.ts';

function plan(text: string): Extract<BarPlan, { kind: 'threshold' }> {
  const parsed = parseBarLength(text);
  if (!parsed.ok || parsed.value.kind !== 'threshold') throw new Error(text);
  return { kind: 'threshold', length: parsed.value };
}

const TEXTS = ['3tick', '1000000volume', '5000000dollar'];
const PLANS = TEXTS.map(plan);
const ROOMY = { retainedBars: 1_000, formingBars: 9, waitingTrades: 1_000 };
const END = 2n ** 62n;

/** Bars by their definition, of trades in order. */
function reference(trades: readonly Trade[], { measure, size }: ThresholdLength): Trade[][] {
  const bars: Trade[][] = [];
  let bar: Trade[] = [];
  for (const trade of trades) {
    bar.push(trade);
    const sizes = bar.map((one) => one.size);
    const values = bar.map((one) => one.price * one.size);
    const filled = measure === 'tick' ? bar.length : exactSum(measure === 'volume' ? sizes : values);
    if (filled < size) continue;
    bars.push(bar);
    bar = [];
  }
  return bars;
}

const lots = anyTrades(fc.integer({ min: 0, max: 1_000_000 }));

describe('bars that end by what is traded', () => {
  it('are by their definition, whatever the batches: a tick larger than what is left is in the bar whole', () => {
    fc.assert(
      fc.property(lots, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (trades, cuts) => {
        const bars = new TradeBars(PLANS, ROOMY);
        const outcomes = [];
        let from = 0;
        for (const [index, { timeNs }] of trades.entries()) {
          if (cuts[index] !== true && index < trades.length - 1) continue;
          outcomes.push(
            feed(bars, { trades: trades.slice(from, index + 1), knownAtNs: 1n, watermarkNs: timeNs }),
          );
          from = index + 1;
        }
        outcomes.push(bars.apply({ knownAtNs: 1n, watermarkNs: END }));
        const built = newest(outcomes);
        for (const { length } of PLANS) {
          const wanted = reference(trades, length);
          const got = [...(built.get(length.text)?.values() ?? [])];
          expect(got.map(({ tradeCount }) => tradeCount)).toEqual(wanted.map((bar) => bar.length));
          for (const [index, bar] of wanted.entries()) {
            const prices = bar.map(({ price }) => price);
            expect(got[index]).toMatchObject({
              open: prices[0],
              close: prices.at(-1),
              high: Math.max(...prices),
              low: Math.min(...prices),
              volume: exactSum(bar.map(({ size }) => size)),
            });
          }
        }
      }),
    );
  });

  it('start at unique times that ascend, also where many ticks have one time', () => {
    const trades = Array.from({ length: 9 }, (_, seq): Trade => ({
      timeNs: 5n,
      seq: BigInt(seq),
      price: seq,
      size: 1,
    }));
    const bars = new TradeBars([plan('2tick')], ROOMY);
    const more = [{ timeNs: 6n, seq: 0n, price: 9, size: 1 }];
    const { closed } = feed(bars, { trades: [...trades, ...more], knownAtNs: 1n, watermarkNs: END });
    expect(closed[0]?.bars.map(({ startNs, open }) => [startNs, open])).toEqual([
      [5n, 0],
      [6n, 2],
      [7n, 4],
      [8n, 6],
      [9n, 8],
    ]);
  });

  it('lose no volume: it is in a bar, in the one that goes on, or was reported too late', () => {
    fc.assert(
      fc.property(
        lots.chain((trades) => fc.tuple(fc.constant(trades), anyLog(trades))),
        ([trades, log]) => {
          const tight = { retainedBars: 2, formingBars: 1, waitingTrades: 5 };
          // What goes on is told at the end, and nothing is filled by it.
          const plans = PLANS.map((one) => ({ ...one, formingStepNs: 1n }));
          const bars = new TradeBars(plans, tight);
          const outcomes = log.map((chunk) => feed(bars, chunk));
          outcomes.push(bars.apply({ knownAtNs: 1n, watermarkNs: END }));
          for (const text of TEXTS) {
            const closed = [...(newest(outcomes).get(text)?.values() ?? [])];
            const forming = outcomes
              .flatMap((outcome) => outcome.forming)
              .filter((one) => one.id === text)
              .map(({ bar }) => bar)
              .filter((bar) => closed.every(({ startNs }) => startNs !== bar.startNs));
            const late = outcomes.flatMap(({ tooLate }) => tooLate.filter((one) => one.interval === text));
            const volumes = [...closed, ...forming.slice(-1), ...late].map(({ volume }) => volume);
            expect(exactSum(volumes)).toBe(exactSum(trades.map(({ size }) => size)));
          }
        },
      ),
    );
  });

  it('do not notice a restart, at any point', () => {
    const plans = PLANS.map((one) => ({ ...one, formingStepNs: 1_000_000_000n }));
    fc.assert(
      fc.property(
        lots.chain((trades) => anyLog(trades)),
        fc.constantFrom(ROOMY, { retainedBars: 1, formingBars: 1, waitingTrades: 2 }),
        (log, limits) => {
          const steady = new TradeBars(plans, limits);
          let restarted = new TradeBars(plans, limits);
          for (const chunk of log) {
            const restored = TradeBars.restore(restarted.snapshot(), plans, limits);
            if (!restored.ok) throw new Error(restored.error);
            restarted = restored.value;
            expect(feed(restarted, chunk)).toStrictEqual(feed(steady, chunk));
            expect(restarted.snapshot()).toStrictEqual(steady.snapshot());
          }
        },
      ),
    );
  });

  it('take a late tick into the bar of its time, without moving its ends', () => {
    const bars = new TradeBars([plan('2tick')], ROOMY);
    const at = (timeNs: bigint): Trade => ({ timeNs, seq: 0n, price: Number(timeNs), size: 1 });
    feed(bars, { trades: [10n, 20n, 30n, 40n].map(at), knownAtNs: 1n, watermarkNs: 50n });
    const { closed, tooLate } = feed(bars, { trades: [at(25n), at(5n)], knownAtNs: 2n, watermarkNs: 0n });
    expect(closed[0]?.bars).toMatchObject([
      { startNs: 10n, tradeCount: 3, high: 25, close: 25, corrected: true, knownAtNs: 2n },
    ]);
    expect(tooLate).toMatchObject([{ count: 1, firstNs: 5n }]);
  });

  it('end with their session where they are told to', () => {
    const found = calendar('XNYS');
    if (!found.ok) throw new Error(found.error);
    const sessions = sessionGrid(interval('1d'), found.value);
    const bars = new TradeBars([{ ...plan('3tick'), sessions }], ROOMY);
    const at = (text: string): Trade => {
      return { timeNs: BigInt(Date.parse(text)) * 1_000_000n, seq: 0n, price: 1, size: 1 };
    };
    const trades = ['2024-07-01T19:00Z', '2024-07-01T19:30Z', '2024-07-02T02:00Z', '2024-07-02T14:00Z'].map(
      at,
    );
    const { closed, outside } = feed(bars, { trades, knownAtNs: 1n, watermarkNs: trades[3]!.timeNs + 1n });
    const counts = (all: readonly Bar[] | undefined) => all?.map(({ tradeCount }) => tradeCount);
    expect(counts(closed[0]?.bars)).toEqual([2]);
    expect(outside).toMatchObject([{ count: 1 }]);
    const later = bars.apply({ knownAtNs: 1n, watermarkNs: at('2024-07-02T21:00Z').timeNs });
    expect(counts(later.closed[0]?.bars)).toEqual([1]);
  });
});
