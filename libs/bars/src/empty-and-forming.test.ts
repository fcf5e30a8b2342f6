import { calendar } from '@tickwell/calendar';
import { parseIsoTime, readState, StateWriter } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bar } from './bar.ts';
import { FormingSteps, type BarPlan } from './builder.ts';
import { anyLog, anyTrades, feed, interval, newest, type Trade } from './fixtures/trades.ts';
import { utcGrid } from './grid.ts';
import { MAX_EMPTY_RUN } from './interval-bars.ts';
import { sessionGrid } from './session-grid.ts';
import { plainBars, TradeBars } from './trade-bars.ts';

function at(clock: string, day = '2024-07-01'): bigint {
  const parsed = parseIsoTime(`${day}T${clock}Z`);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function trade(clock: string, price: number, day?: string): Trade {
  return { timeNs: at(clock, day), seq: 0n, price, size: 1 };
}

const CARRIED: BarPlan = { kind: 'time', grid: utcGrid(interval('1m')), empty: 'carried' };
const ROOMY = { retainedBars: 5_000, formingBars: 5_000 };

function sessions(length: string, empty: 'carried' | 'none' | 'absent'): BarPlan {
  const found = calendar('XNYS');
  if (!found.ok) throw new Error(found.error);
  return { kind: 'time', grid: sessionGrid(interval(length), found.value), empty };
}

/** "hh:mm close volume", with ! where corrected. */
function told(bars: readonly Bar[] | undefined): string[] {
  return (bars ?? []).map(({ startNs, close, volume, corrected }) => {
    const clock = new Date(Number(startNs / 1_000_000n)).toISOString().slice(11, 16);
    return `${clock} ${close} ${volume}${corrected ? '!' : ''}`;
  });
}

describe('empty intervals', () => {
  it('carry the last close until something is traded', () => {
    const bars = new TradeBars([CARRIED]);
    const first = feed(bars, { trades: [trade('10:00:00', 5)], knownAtNs: 1n, watermarkNs: at('10:02:00') });
    expect(told(first.closed[0]?.bars)).toEqual(['10:00 5 1', '10:01 5 0']);
    const next = feed(bars, { trades: [trade('10:04:00', 7)], knownAtNs: 2n, watermarkNs: at('10:06:00') });
    expect(told(next.closed[0]?.bars)).toEqual(['10:02 5 0', '10:03 5 0', '10:04 7 1', '10:05 7 0']);
    expect(next.closed[0]?.bars[0]).toMatchObject({ open: 5, high: 5, low: 5, tradeCount: 0, knownAtNs: 2n });
    expect(next.closed[0]?.watermarkNs).toBe(at('10:06:00'));
  });

  it('are corrected by a late trade: the bar itself, and the empty ones behind it', () => {
    const bars = new TradeBars([CARRIED]);
    const trades = [trade('10:00:00', 5), trade('10:04:00', 7)];
    feed(bars, { trades, knownAtNs: 1n, watermarkNs: at('10:05:00') });
    const late = feed(bars, { trades: [trade('10:02:00', 6)], knownAtNs: 3n, watermarkNs: 0n });
    expect(told(late.closed[0]?.bars)).toEqual(['10:02 6 1!', '10:03 6 0!']);
    expect(late.closed[0]?.bars[1]).toMatchObject({ open: 6, high: 6, low: 6, knownAtNs: 3n });
  });

  it('have no prices by another policy, and no bar at all by the third', () => {
    const none: BarPlan = { ...CARRIED, empty: 'none' };
    const bars = new TradeBars([none]);
    const chunk = { trades: [trade('10:00:00', 5)], knownAtNs: 1n, watermarkNs: at('10:02:00') };
    expect(feed(bars, chunk).closed[0]?.bars[1]).toMatchObject({
      open: NaN,
      close: NaN,
      volume: 0,
      vwap: NaN,
    });
    expect(told(feed(new TradeBars([plainBars(interval('1m'))]), chunk).closed[0]?.bars)).toEqual([
      '10:00 5 1',
    ]);
  });

  it('are those of sessions: no night and no holiday has any', () => {
    const bars = new TradeBars([sessions('1h', 'carried')], ROOMY);
    const trades = [trade('13:30:00', 5, '2024-07-03'), trade('13:30:00', 6, '2024-07-05')];
    const { closed, outside } = feed(bars, {
      trades: [...trades, trade('21:00:00', 9, '2024-07-05')],
      knownAtNs: 1n,
      watermarkNs: at('15:00:00', '2024-07-05'),
    });
    // July 3rd closes at 17:00 UTC, the 4th is a holiday.
    expect(told(closed[0]?.bars)).toEqual(['13:30 5 1', '14:30 5 0', '15:30 5 0', '16:30 5 0', '13:30 6 1']);
    expect(outside).toEqual([
      {
        interval: '1h',
        count: 1,
        firstNs: at('21:00:00', '2024-07-05'),
        lastNs: at('21:00:00', '2024-07-05'),
        volume: 1,
      },
    ]);
  });

  it('end after so many in a row, once, until something is traded again', () => {
    const bars = new TradeBars([CARRIED], ROOMY);
    const far = { trades: [trade('10:00:00', 5)], knownAtNs: 1n, watermarkNs: at('10:00:00', '2024-07-09') };
    const first = feed(bars, far);
    expect(first.closed[0]?.bars.length).toBe(1 + MAX_EMPTY_RUN);
    expect(first.unfilled).toEqual([{ interval: '1m', startNs: at('10:00:00') + 1_501n * 60_000_000_000n }]);
    expect(bars.apply({ knownAtNs: 1n, watermarkNs: at('11:00:00', '2024-07-09') }).closed).toEqual([]);
    const again = [trade('12:00:00', 6, '2024-07-09')];
    const next = feed(bars, { trades: again, knownAtNs: 1n, watermarkNs: at('12:02:00', '2024-07-09') });
    expect(told(next.closed[0]?.bars)).toEqual(['12:00 6 1', '12:01 6 0']);
  });

  it('are the same whatever the order and the batches, and after a restart at any point', () => {
    const hourly: BarPlan = { kind: 'time', grid: utcGrid(interval('1h')), empty: 'carried' };
    const daily = sessions('1d', 'carried');
    fc.assert(
      fc.property(
        anyTrades().chain((trades) => fc.tuple(fc.constant(trades), anyLog(trades))),
        ([trades, log]) => {
          const endNs = trades.at(-1)!.timeNs + 40n * 86_400_000_000_000n;
          const plans = [hourly, daily];
          const whole = new TradeBars(plans, ROOMY);
          const wanted = newest([feed(whole, { trades, knownAtNs: 5n, watermarkNs: endNs })]);
          let bars = new TradeBars(plans, ROOMY);
          const got = newest(
            log.map((chunk) => {
              const restored = TradeBars.restore(bars.snapshot(), plans, ROOMY);
              if (!restored.ok) throw new Error(restored.error);
              bars = restored.value;
              return feed(bars, chunk);
            }),
          );
          for (const text of ['1h', '1d']) {
            const strip = (all: ReadonlyMap<bigint, Bar> | undefined) =>
              [...(all?.values() ?? [])]
                .sort((a, b) => (a.startNs < b.startNs ? -1 : 1))
                .map(({ startNs, open, close, volume, tradeCount }) => ({
                  startNs,
                  open,
                  close,
                  volume,
                  tradeCount,
                }));
            expect(strip(got.get(text))).toStrictEqual(strip(wanted.get(text)));
          }
        },
      ),
    );
  });
});

describe('a forming bar', () => {
  const SECOND = 1_000_000_000n;
  const plan: BarPlan = { ...CARRIED, empty: 'absent', formingStepNs: 5n * SECOND };

  it('is told once a step of event time at most, and only when it is new', () => {
    const bars = new TradeBars([plan]);
    const said = ['10:00:00', '10:00:02', '10:00:04', '10:00:06', '10:00:07', '10:00:11'].map(
      (clock, index) =>
        feed(bars, { trades: [trade(clock, index)], knownAtNs: 1n, watermarkNs: at(clock) }).forming.map(
          ({ bar }) => bar.tradeCount,
        ),
    );
    expect(said).toEqual([[1], [], [], [4], [], [6]]);
    // A watermark alone tells what came since.
    feed(bars, { trades: [trade('10:00:12', 9)], knownAtNs: 1n, watermarkNs: 0n });
    const quiet = [16, 21, 26].map((second) =>
      bars.apply({ knownAtNs: 1n, watermarkNs: at(`10:00:${second}`) }),
    );
    expect(quiet.map(({ forming }) => forming.map(({ bar }) => bar.close))).toEqual([[9], [], []]);
  });

  it('is told once a step, too, after the step has become longer or shorter', () => {
    const tellingBy = (seconds: bigint): BarPlan[] => [{ ...plan, formingStepNs: seconds * SECOND }];
    const toldOn = (before: TradeBars, seconds: bigint, clocks: readonly string[]): string[] => {
      const restored = TradeBars.restore(before.snapshot(), tellingBy(seconds));
      if (!restored.ok) throw new Error(restored.error);
      return clocks.filter((clock) => {
        const input = { trades: [trade(clock, 1)], knownAtNs: 1n, watermarkNs: at(clock) };
        return feed(restored.value, input).forming.length > 0;
      });
    };
    const bars = new TradeBars(tellingBy(5n));
    feed(bars, { trades: [trade('10:00:06', 1)], knownAtNs: 1n, watermarkNs: at('10:00:06') });
    expect(toldOn(bars, 10n, ['10:00:08', '10:00:10', '10:00:19', '10:00:20'])).toEqual([
      '10:00:10',
      '10:00:20',
    ]);
    expect(toldOn(bars, 2n, ['10:00:07', '10:00:08', '10:00:09'])).toEqual(['10:00:08']);
  });

  it('is told on after state of before: that counted steps of a length it did not say', () => {
    const now = at('10:00:06');
    const state = new StateWriter()
      .int64(now / SECOND)
      .int64(-1n)
      .uint(0);
    const steps = new FormingSteps(60n * SECOND);
    readState(state.finish(), (reader) => {
      steps.read(reader, 2);
    });
    expect(steps.take({ startNs: at('10:00:00'), tradeCount: 1 }, now)).toBe(true);
  });

  it('is told the same after a restart at any point', () => {
    fc.assert(
      fc.property(
        anyTrades().chain((trades) => anyLog(trades)),
        (log) => {
          const steady = new TradeBars([plan]);
          let restarted = new TradeBars([plan]);
          for (const chunk of log) {
            const restored = TradeBars.restore(restarted.snapshot(), [plan]);
            if (!restored.ok) throw new Error(restored.error);
            restarted = restored.value;
            expect(feed(restarted, chunk)).toStrictEqual(feed(steady, chunk));
          }
        },
      ),
    );
  });
});

describe('a stream that begins within a bar', () => {
  const FIVE = [plainBars(interval('5m'))];

  it('marks that bar as partial, and no other', () => {
    const bars = new TradeBars(FIVE);
    const trades = [trade('10:02:00', 1), trade('10:06:00', 2)];
    const { closed } = feed(bars, { trades, knownAtNs: 1n, watermarkNs: at('10:10:00') });
    expect(closed[0]?.bars.map((bar) => bar.partial)).toEqual([true, false]);
    const late = feed(bars, { trades: [trade('10:01:00', 3)], knownAtNs: 1n, watermarkNs: 0n });
    expect(late.closed[0]?.bars).toMatchObject([{ partial: true, corrected: true, tradeCount: 2 }]);
  });

  it('is whole where the source said before that it is there', () => {
    const bars = new TradeBars(FIVE);
    bars.apply({ knownAtNs: 1n, watermarkNs: at('09:59:59') });
    const { closed } = feed(bars, {
      trades: [trade('10:02:00', 1)],
      knownAtNs: 1n,
      watermarkNs: at('10:10:00'),
    });
    expect(closed[0]?.bars.map((bar) => bar.partial)).toEqual([false]);
  });

  it('is not told of a new kind of bars that starts later', () => {
    const bars = new TradeBars(FIVE);
    feed(bars, { trades: [trade('10:00:00', 1)], knownAtNs: 1n, watermarkNs: at('10:02:00') });
    const more = [...FIVE, plainBars(interval('1m'))];
    const restored = TradeBars.restore(bars.snapshot(), more);
    if (!restored.ok) throw new Error(restored.error);
    const trades = [trade('10:02:30', 1), trade('10:03:00', 1)];
    const { closed } = feed(restored.value, { trades, knownAtNs: 1n, watermarkNs: at('10:05:00') });
    expect(closed.map((part) => [part.id, part.bars.map((bar) => bar.partial)])).toEqual([
      ['5m', [false]],
      ['1m', [true, false]],
    ]);
  });
});
