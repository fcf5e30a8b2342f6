import { describe, expect, it } from 'vitest';
import { barsOf, columnsOf } from '../fixtures/bars.ts';

describe('atr', () => {
  const bars = [
    { high: 12, low: 9, close: 10 },
    { high: 11, low: 9, close: 11 }, // range 2
    { high: 15, low: 14, close: 14 }, // gap up: 15 − 11 = 4
    { high: 9, low: 8, close: 9 }, // gap down: 14 − 8 = 6
  ].map((prices, index) => ({ ...barsOf([0, 0, 0, 0])[index]!, ...prices }));

  it('includes the gap from the previous close and smooths by Wilder', () => {
    expect(columnsOf('atr(2)', bars)).toEqual([[NaN, NaN, 3, 4.5]]);
  });

  it('of period 1 is the true range, which the first bar does not have', () => {
    expect(columnsOf('atr(1)', bars)).toEqual([[NaN, 2, 4, 6]]);
  });
});
