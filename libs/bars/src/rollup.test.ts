import { emptyBars, type BarColumns } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBarColumns, type Bar } from './bar.ts';
import { anyLog, anyTrades, feed, interval, newest } from './fixtures/trades.ts';
import { BarRollup, type RollupOutcome } from './rollup.ts';
import { TradeBars } from './trade-bars.ts';

const ROOMY = { retainedBars: 1_000, formingBars: 1_000 };
const TIGHT = { retainedBars: 1, formingBars: 1 };
const MINUTE = interval('1m');
const LONGER = ['5m', '1h', '1d'].map(interval);

function rollup(to = interval('5m'), limits = ROOMY, from = MINUTE): BarRollup {
  const created = BarRollup.create(from, to, limits);
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
  const minutes = new TradeBars([MINUTE], ROOMY);
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
const anyCase = lots.chain((trades) => anyLog(trades));

describe('bars to longer bars', () => {
  it('equal the bars of the trades themselves, vwap to 1e-12', () => {
    fc.assert(
      fc.property(anyCase, (log) => {
        const inputs = minuteInputs(log);
        for (const to of LONGER) {
          const longer = rollup(to);
          const rolled = latest(inputs.map((input) => longer.apply(input)));
          const direct = new TradeBars([to], ROOMY);
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

  it('do not notice a restart, at any point, nor a bar that comes twice', () => {
    fc.assert(
      fc.property(anyCase, fc.constantFrom(ROOMY, TIGHT), (log, limits) => {
        const to = interval('5m');
        const steady = rollup(to, limits);
        let restarted = rollup(to, limits);
        for (const input of minuteInputs(log)) {
          const restored = BarRollup.restore(restarted.snapshot(), MINUTE, to, limits);
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
    const created = BarRollup.create(interval(from), interval(to));
    expect(created).toEqual({ ok: false, error: expect.stringContaining(reason) as string });
  });

  it('goes from days to weeks and months', () => {
    expect(BarRollup.create(interval('1d'), interval('1w')).ok).toBe(true);
    expect(BarRollup.create(interval('1h'), interval('1mo')).ok).toBe(true);
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
      expect(BarRollup.restore(bytes.subarray(0, length), MINUTE, interval('5m')).ok).toBe(false);
    }
  });
});
