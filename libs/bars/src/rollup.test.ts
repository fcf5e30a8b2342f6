import { calendar } from '@tickwell/calendar';
import { emptyBars, type BarColumns, type Interval } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBarColumns, type Bar } from './bar.ts';
import type { BarPlan, EmptyIntervals } from './builder.ts';
import { utcGrid, type BarGrid } from './grid.ts';
import { anyLog, anyTrades, feed, interval, newest } from './fixtures/trades.ts';
import { BarRollup, type RollupOutcome } from './rollup.ts';
import { sessionGrid } from './session-grid.ts';
import { plainBars, TradeBars } from './trade-bars.ts';

const ROOMY = { retainedBars: 1_000, formingBars: 1_000 };
const TIGHT = { retainedBars: 1, formingBars: 1 };
const MINUTE = interval('1m');
const LONGER = ['5m', '1h', '1d'].map(interval);

function rollup(to = interval('5m'), limits = ROOMY, from = MINUTE): BarRollup {
  const created = BarRollup.create(utcGrid(from), utcGrid(to), limits);
  if (!created.ok) throw new Error(created.error);
  return created.value;
}

interface RollupInput {
  readonly bars: BarColumns;
  readonly knownAtNs: bigint;
  readonly watermarkNs: bigint;
}

/** What a builder of minute bars puts out, as inputs of a rollup: one per bar, the watermark with the last. */
function minuteInputs(log: readonly Parameters<typeof feed>[1][]): RollupInput[] {
  const minutes = new TradeBars([plainBars(MINUTE)], ROOMY);
  return log.flatMap((chunk) => {
    const [part] = feed(minutes, chunk).closed;
    if (part === undefined) return [];
    return part.bars.map((bar, index) => ({
      bars: toBarColumns(MINUTE, [bar]),
      knownAtNs: bar.knownAtNs,
      watermarkNs: index === part.bars.length - 1 ? part.watermarkNs : 0n,
    }));
  });
}

function latest(outcomes: readonly RollupOutcome[]): Map<bigint, Bar> {
  const bars = outcomes.flatMap(({ closed }) => closed?.bars ?? []);
  return new Map(bars.map((bar) => [bar.startNs, bar]));
}

const lots = anyTrades(fc.integer({ min: 0, max: 1_000_000 }));
const STEPS = ['5m', '1h', '1d'];
const HUGE = { retainedBars: 100_000, formingBars: 100_000 };
const anyExactCase = anyTrades(undefined, 30).chain((trades) => anyLog(trades));

function bySessions(name: string): (length: Interval) => BarGrid {
  const found = calendar(name);
  if (!found.ok) throw new Error(found.error);
  return (length) => sessionGrid(length, found.value);
}

const anyCase = lots.chain((trades) => anyLog(trades));

describe('bars to longer bars', () => {
  it('equal the bars of the trades themselves, vwap to 1e-12', () => {
    fc.assert(
      fc.property(anyCase, (log) => {
        const inputs = minuteInputs(log);
        for (const to of LONGER) {
          const longer = rollup(to);
          const rolled = latest(inputs.map((input) => longer.apply(input)));
          const direct = new TradeBars([plainBars(to)], ROOMY);
          const wanted =
            newest(log.map((chunk) => feed(direct, chunk))).get(to.text) ?? new Map<bigint, Bar>();
          expect([...rolled.keys()].sort()).toEqual([...wanted.keys()].sort());
          for (const [startNs, { vwap, ...bar }] of wanted) {
            const got = rolled.get(startNs)!;
            const { open, high, low, close, volume, tradeCount, knownAtNs } = bar;
            expect(got).toMatchObject({ open, high, low, close, volume, tradeCount, knownAtNs });
            if (Number.isNaN(vwap)) expect(got.vwap).toBeNaN();
            else expect(Math.abs(got.vwap - vwap)).toBeLessThanOrEqual(1e-12 * vwap);
          }
        }
      }),
    );
  });

  it('equal the bars of the trades bit for bit where they say their exact sums, by UTC and by sessions, by any steps between', () => {
    const anyGrid = fc.constantFrom(utcGrid, bySessions('XNYS'), bySessions('CMES'), bySessions('24-7'));
    const anyEmpty = fc.constantFrom<EmptyIntervals>('absent', 'carried');
    fc.assert(
      fc.property(anyExactCase, anyGrid, anyEmpty, (log, gridOf, empty) => {
        const planOf = (text: string): BarPlan => ({ kind: 'time', grid: gridOf(interval(text)), empty });
        const direct = new TradeBars(STEPS.map(planOf), HUGE);
        const wanted = newest(log.map((chunk) => feed(direct, chunk)));
        const minutes = new TradeBars([planOf('1m')], HUGE);
        const [five, hour, day] = STEPS.map((text, index) => {
          const from = gridOf(interval(index === 0 ? '1m' : (STEPS[index - 1] ?? '')));
          const created = BarRollup.create(from, gridOf(interval(text)), HUGE);
          if (!created.ok) throw new Error(created.error);
          return created.value;
        });
        const got = [five, hour, day].map(() => new Map<bigint, Bar>());
        for (const chunk of log) {
          let bars = feed(minutes, chunk).closed[0];
          for (const [index, rollup] of [five, hour, day].entries()) {
            if (bars === undefined || rollup === undefined) break;
            const outcome = rollup.apply({ ...bars, knownAtNs: 0n });
            expect([outcome.misfits, outcome.outside, outcome.tooLate]).toEqual([null, null, null]);
            bars = outcome.closed ?? undefined;
            for (const bar of bars?.bars ?? []) got[index]?.set(bar.startNs, bar);
          }
        }
        for (const [index, text] of STEPS.entries()) {
          const bare = (bars: ReadonlyMap<bigint, Bar> | undefined) =>
            [...(bars?.values() ?? [])]
              .filter((bar) => bar.tradeCount > 0)
              .map(({ startNs, open, high, low, close, volume, vwap, tradeCount }) => {
                return { startNs, open, high, low, close, volume, vwap, tradeCount };
              })
              .sort((a, b) => (a.startNs < b.startNs ? -1 : 1));
          expect(bare(got[index])).toStrictEqual(bare(wanted.get(text)));
        }
      }),
    );
  });

  it('leave out what is outside of the sessions, and name bars that do not fit them', () => {
    const created = BarRollup.create(utcGrid(interval('1h')), bySessions('XNYS')(interval('1d')));
    if (!created.ok) throw new Error(created.error);
    const startNs = ['2024-07-01T12:00Z', '2024-07-01T13:00Z', '2024-07-01T14:00Z', '2024-07-01T14:30Z'].map(
      (text) => BigInt(Date.parse(text)) * 1_000_000n,
    );
    const ones = [1, 1, 1, 1];
    const bars = { ...emptyBars(), startNs, open: ones, high: ones, low: ones, close: ones, volume: ones };
    const outcome = created.value.apply({ bars, knownAtNs: 1n, watermarkNs: 2n ** 62n });
    expect(outcome.outside).toMatchObject({ count: 1, firstNs: startNs[0], volume: 1 });
    // The opening at 13:30 cuts the second; the last is not aligned to the hour.
    expect(outcome.misfits).toMatchObject({ count: 2, firstNs: startNs[1], lastNs: startNs[3] });
    expect(outcome.closed?.bars).toMatchObject([{ volume: 1 }]);
  });

  it('are marked as partial where a part is, and know no empty part where something traded', () => {
    const part = {
      startNs: 0n,
      knownAtNs: 1n,
      open: 5,
      high: 5,
      low: 5,
      close: 5,
      vwap: NaN,
      corrected: false,
    };
    const empty = { ...part, volume: 0, tradeCount: 0, partial: false };
    const traded = { ...part, startNs: 60_000_000_000n, open: 7, high: 9, low: 7, close: 8, vwap: 8 };
    const bars = [empty, { ...traded, volume: 2, tradeCount: 1, partial: true }];
    const input = { knownAtNs: 0n, watermarkNs: 300_000_000_000n };
    expect(rollup().apply({ ...input, bars }).closed?.bars).toMatchObject([
      { open: 7, high: 9, low: 7, close: 8, volume: 2, vwap: 8, tradeCount: 1, partial: true },
    ]);
    expect(rollup().apply({ ...input, bars: [empty] }).closed?.bars).toMatchObject([
      { open: 5, close: 5, volume: 0, tradeCount: 0, partial: false },
    ]);
  });

  it('do not notice a restart, at any point, nor a bar that comes twice', () => {
    fc.assert(
      fc.property(anyCase, fc.constantFrom(ROOMY, TIGHT), (log, limits) => {
        const to = interval('5m');
        const steady = rollup(to, limits);
        let restarted = rollup(to, limits);
        for (const input of minuteInputs(log)) {
          const restored = BarRollup.restore(restarted.snapshot(), utcGrid(MINUTE), utcGrid(to), limits);
          if (!restored.ok) throw new Error(restored.error);
          restarted = restored.value;
          const outcome = restarted.apply(input);
          expect(outcome).toStrictEqual(steady.apply(input));
          expect(restarted.snapshot()).toStrictEqual(steady.snapshot());
          const again = restarted.apply({ ...input, knownAtNs: 99n });
          expect(again.closed).toBeNull();
          steady.apply({ ...input, knownAtNs: 99n });
        }
      }),
    );
  });

  it('keep the volume: what went in is in a bar or was reported too late', () => {
    fc.assert(
      fc.property(lots, (trades) => {
        const inputs = minuteInputs([
          { trades, knownAtNs: 1n, watermarkNs: trades.at(-1)!.timeNs + 10n ** 15n },
        ]);
        // Backwards, each bar claiming that all before it has come: most are too late.
        const longer = rollup(interval('5m'), TIGHT);
        const outcomes = [...inputs]
          .reverse()
          .map((input) => longer.apply({ ...input, watermarkNs: input.bars.startNs[0]! }));
        outcomes.push(longer.apply({ bars: emptyBars(), knownAtNs: 1n, watermarkNs: 2n ** 62n }));
        const kept = [...latest(outcomes).values()].reduce((sum, bar) => sum + bar.volume, 0);
        const late = outcomes.reduce((sum, { tooLate }) => sum + (tooLate?.volume ?? 0), 0);
        expect(kept + late).toBe(trades.reduce((sum, { size }) => sum + size, 0));
      }),
    );
  });

  it('know no volume, average or count where a part does not', () => {
    const startNs = [0n, 60_000_000_000n];
    const bars: BarColumns = {
      ...emptyBars(),
      startNs,
      open: [1, 2],
      high: [1, 3],
      low: [1, 2],
      close: [1, 3],
    };
    const { closed } = rollup().apply({ bars, knownAtNs: 1n, watermarkNs: 300_000_000_000n });
    const columns = toBarColumns(closed!.interval, closed!.bars);
    expect(columns).toMatchObject({
      open: [1],
      high: [3],
      low: [1],
      close: [3],
      volume: [],
      vwap: [],
      tradeCount: [],
    });
  });

  it('close the oldest where no watermark comes, and say so', () => {
    const startNs = [0n, 300_000_000_000n, 600_000_000_000n];
    const ones = [1, 1, 1];
    const bars: BarColumns = { ...emptyBars(), startNs, open: ones, high: ones, low: ones, close: ones };
    const { closed, forced } = rollup(interval('5m'), TIGHT).apply({ bars, knownAtNs: 1n, watermarkNs: 0n });
    expect(forced).toBe(2);
    expect(closed?.bars.map((bar) => bar.startNs)).toEqual(startNs.slice(0, 2));
  });

  it.each([
    ['5m', '5m', 'not longer'],
    ['2h', '3h', 'does not divide'],
    ['1s', '1d', 'more than 1500'],
    ['1w', '1mo', 'do not divide'],
  ])('refuses %s to %s', (from, to, reason) => {
    const created = BarRollup.create(utcGrid(interval(from)), utcGrid(interval(to)));
    expect(created).toEqual({ ok: false, error: expect.stringContaining(reason) as string });
  });

  it('goes from days to weeks and months', () => {
    expect(BarRollup.create(utcGrid(interval('1d')), utcGrid(interval('1w'))).ok).toBe(true);
    expect(BarRollup.create(utcGrid(interval('1h')), utcGrid(interval('1mo'))).ok).toBe(true);
  });

  it('returns an error on damaged state', () => {
    const longer = rollup();
    longer.apply({
      ...minuteInputs([
        { trades: [{ timeNs: 1n, seq: 0n, price: 1, size: 1 }], knownAtNs: 1n, watermarkNs: 10n ** 12n },
      ])[0]!,
    });
    const bytes = longer.snapshot();
    for (let length = 0; length < bytes.length; length += 1) {
      expect(BarRollup.restore(bytes.subarray(0, length), utcGrid(MINUTE), utcGrid(interval('5m'))).ok).toBe(
        false,
      );
    }
  });
});
