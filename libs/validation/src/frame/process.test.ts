import { expect, it } from 'vitest';
import { dailyBars, pay, scale, type WritableFrame } from '../fixtures/frames.ts';
import { takeRows, VALUE_COLUMNS } from './columns.ts';
import { processMarketData } from './process.ts';
import type { BarFrame } from './bar-frame.ts';

function expectSame(actual: BarFrame, expected: BarFrame): void {
  expect([...actual.timeNs]).toEqual([...expected.timeNs]);
  for (const name of VALUE_COLUMNS) {
    const [left, right] = [actual[name], expected[name]];
    expect(left?.length).toBe(right?.length);
    left?.forEach((value, row) => {
      expect(value / (right?.[row] ?? NaN) || 1, `${name} ${row}`).toBeCloseTo(1, 9);
    });
  }
}

const original = (): WritableFrame => {
  const frame = dailyBars();
  for (const row of [30, 95, 160, 225]) pay(frame, row, 0.015);
  return frame;
};

it.each<[string, (frame: WritableFrame) => void]>([
  [
    'pence',
    (frame): void => {
      scale(frame, 0, 150, 100);
    },
  ],
  [
    'one row in pence',
    (frame): void => {
      scale(frame, 80, 81, 100);
    },
  ],
  [
    'an adjusted close without the last dividend',
    (frame): void => {
      for (let row = 0; row < 225; row++) frame.adjClose[row] = (frame.adjClose[row] ?? NaN) / 0.985;
    },
  ],
  [
    'a dividend that is not recorded',
    (frame): void => {
      frame.dividends[160] = 0;
    },
  ],
])('gives back what it was: %s', (_name, spoil) => {
  const frame = original();
  spoil(frame);
  const { frame: cleaned, removed, remaining } = processMarketData(frame);
  expectSame(cleaned, original());
  expect(removed).toEqual([]);
  expect(remaining.findings).toEqual([]);
});

it('converts volume with prices where a split was missed', () => {
  const expected = original();
  expected.splits[200] = 4;
  const frame = original();
  frame.splits[200] = 4;
  scale(frame, 0, 200, 4);
  frame.dividends.forEach((dividend, row) => {
    if (row < 200) frame.volume[row] = (frame.volume[row] ?? NaN) / 4;
    // Dividends are recorded in the shares of the newest rows all the time.
    if (row < 200 && dividend > 0) frame.dividends[row] = dividend * 4;
  });
  const { frame: cleaned } = processMarketData(frame);
  expect(cleaned.close[10]).toBeCloseTo(expected.close[10] ?? NaN, 9);
  expect((cleaned.volume?.[10] ?? NaN) / (expected.volume[10] ?? NaN)).toBeCloseTo(1, 9);
});

it('leaves out what cannot be, keeps the rest as it is, and says which row of the input it was', () => {
  const frame = original();
  frame.low[40] = 0;
  scale(frame, 120, 121, 1.6);
  const rows = Array.from(frame.close, (_value, row) => row);
  const given = takeRows(frame, [...rows.slice(0, 61), 60, ...rows.slice(61)]);
  const { frame: cleaned, removed, rows: left, changes } = processMarketData(given);
  expect(removed.map(({ row, rule }) => [row, rule])).toEqual([
    [40, 'bar-price-positive'],
    [61, 'duplicate'],
    [121, 'bad-tick'],
  ]);
  expect(changes).toEqual([]);
  expectSame(
    cleaned,
    takeRows(
      original(),
      rows.filter((row) => row !== 40 && row !== 120),
    ),
  );
  expect(left[120]).toBe(123);
});

it('does not change what it was given', () => {
  const frame = original();
  scale(frame, 0, 150, 100);
  const copy = Float64Array.from(frame.close);
  processMarketData(frame);
  expect(frame.close).toEqual(copy);
});
