import { describe, expect, test } from 'vitest';
import { DAY_MS, calendarStart, nominalMs, parseBarSize, parseDuration } from './bar-sizes.ts';

describe('bar sizes', () => {
  test.each([
    ['1 secs', 1000],
    ['1 sec', 1000],
    ['30 secs', 30_000],
    ['1 min', 60_000],
    ['20 mins', 1_200_000],
    ['8 hours', 28_800_000],
    ['1 day', DAY_MS],
    ['1W', 7 * DAY_MS],
    ['1 week', 7 * DAY_MS],
    ['1M', 30 * DAY_MS],
    ['1 month', 30 * DAY_MS],
  ])('%s', (text, barMs) => {
    expect(parseBarSize(text)).toEqual({ ok: true, value: barMs });
  });

  test.each(['', '7 mins', '1', 'min'])('"%s" is refused with IB’s list', (text) => {
    expect(parseBarSize(text)).toMatchObject({
      ok: false,
      error: expect.stringContaining('Legal ones are') as string,
    });
  });
});

describe('durations', () => {
  test.each([
    ['1800 S', { count: 1800, unit: 'S' }],
    ['2 D', { count: 2, unit: 'D' }],
    ['1 W', { count: 1, unit: 'W' }],
    ['6 M', { count: 6, unit: 'M' }],
    ['10 Y', { count: 10, unit: 'Y' }],
    ['60', { count: 60, unit: 'S' }],
  ])('%s', (text, duration) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: duration });
  });

  test.each(['', '0 D', '1 d', '-1 D', '1 H', '366 D', '86401 S', '13 M'])('"%s" is refused', (text) => {
    expect(parseDuration(text)).toMatchObject({ ok: false });
  });

  test('months go back on the calendar and end on the last day of a shorter one', () => {
    const march31 = Date.UTC(2024, 2, 31, 20);
    expect(calendarStart(march31, { count: 1, unit: 'M' })).toBe(Date.UTC(2024, 1, 29, 20));
    expect(calendarStart(march31, { count: 1, unit: 'Y' })).toBe(Date.UTC(2023, 2, 31, 20));
    expect(calendarStart(march31, { count: 2, unit: 'W' })).toBe(march31 - 14 * DAY_MS);
    expect(calendarStart(march31, { count: 90, unit: 'S' })).toBe(march31 - 90_000);
  });

  test('the nominal length is never shorter than the calendar’s', () => {
    for (const unit of ['S', 'D', 'W', 'M', 'Y'] as const)
      for (let count = 1; count <= 12; count += 1) {
        const endMs = Date.UTC(2024, count, 28);
        expect(nominalMs({ count, unit })).toBeGreaterThanOrEqual(
          endMs - calendarStart(endMs, { count, unit }),
        );
      }
  });
});
