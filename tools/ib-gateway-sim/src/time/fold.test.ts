import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MarketBar } from '../market/market.ts';
import { DAY_MS } from './bar-sizes.ts';
import { foldDays } from './fold.ts';
import { knownZone } from './ib-time.ts';

const UTC = knownZone('UTC');

function day(date: number, part: Partial<MarketBar> = {}): MarketBar {
  return { startMs: date, open: 1, high: 2, low: 0.5, close: 1.5, volume: 10, wap: 1, count: 2, ...part };
}

describe('daily bars', () => {
  test('become weeks from Monday and months of the calendar', () => {
    // 2024-01-29 is a Monday; 02-05 the next.
    const days = [25, 26, 29, 30, 31].map((n) => day(Date.UTC(2024, 0, n)));
    days.push(...[1, 2, 5].map((n) => day(Date.UTC(2024, 1, n))));
    const starts = (barMs: number) =>
      foldDays(days, barMs, UTC).map(({ startMs }) => new Date(startMs).toISOString().slice(0, 10));
    expect(starts(7 * DAY_MS)).toEqual(['2024-01-25', '2024-01-29', '2024-02-05']);
    expect(starts(30 * DAY_MS)).toEqual(['2024-01-25', '2024-02-01']);
  });

  test('are dated by their last day where they bear the date of their session', () => {
    // A future's Monday begins on Sunday evening, which is another week.
    const days = [
      day(Date.UTC(2024, 0, 7, 23), { date: '20240108' }),
      day(Date.UTC(2024, 0, 11, 23), { date: '20240112' }),
      day(Date.UTC(2024, 0, 14, 23), { date: '20240115' }),
    ];
    expect(foldDays(days, 7 * DAY_MS, UTC).map(({ startMs, date }) => [startMs, date])).toEqual([
      [days[0]?.startMs, '20240112'],
      [days[2]?.startMs, '20240115'],
    ]);
  });

  test('keep volume, count, extremes, first open and last close', () => {
    const bars = fc.array(
      fc.record({
        open: fc.integer({ min: 10, max: 20 }),
        close: fc.integer({ min: 10, max: 20 }),
        high: fc.integer({ min: 20, max: 30 }),
        low: fc.integer({ min: 1, max: 10 }),
        volume: fc.nat(1000),
        count: fc.nat(100),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(bars, (parts) => {
        const days = parts.map((part, n) => day(Date.UTC(2024, 0, 1 + n), part));
        const folded = foldDays(days, 7 * DAY_MS, UTC);
        const sum = (of: (bar: MarketBar) => number, list: readonly MarketBar[]) =>
          list.reduce((total, bar) => total + of(bar), 0);
        expect(sum(({ volume }) => volume, folded)).toBe(sum(({ volume }) => volume, days));
        expect(sum(({ count }) => count, folded)).toBe(sum(({ count }) => count, days));
        expect(Math.max(...folded.map(({ high }) => high))).toBe(Math.max(...days.map(({ high }) => high)));
        expect(Math.min(...folded.map(({ low }) => low))).toBe(Math.min(...days.map(({ low }) => low)));
        expect([folded[0]?.open, folded.at(-1)?.close]).toEqual([days[0]?.open, days.at(-1)?.close]);
      }),
    );
  });

  test('unknown volumes stay unknown', () => {
    const days = [1, 2].map((n) => day(Date.UTC(2024, 0, n), { volume: -1, wap: -1, count: -1 }));
    expect(foldDays(days, 7 * DAY_MS, UTC)).toMatchObject([{ volume: -1, wap: -1, count: -1 }]);
  });
});
