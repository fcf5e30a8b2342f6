import { describe, expect, it } from 'vitest';
import { barsOf, columnsOf } from '../fixtures/bars.ts';

describe('rsi', () => {
  it('weighs gains against losses with Wilder smoothing', () => {
    // Changes +2, −1, +1, 0: averages (1, 0.5), then (1, 0.25), then (0.5, 0.125).
    expect(columnsOf('rsi(2)', barsOf([10, 12, 11, 12, 12]))).toEqual([[NaN, NaN, 100 * (1 / 1.5), 80, 80]]);
  });

  it('is 100 when prices only rise and 0 when they only fall', () => {
    expect(columnsOf('rsi(2)', barsOf([1, 2, 3, 4]))[0]?.slice(2)).toEqual([100, 100]);
    expect(columnsOf('rsi(2)', barsOf([4, 3, 2, 1]))[0]?.slice(2)).toEqual([0, 0]);
  });

  it('is 0, as in TA-Lib, while no price has changed', () => {
    expect(columnsOf('rsi(3)', barsOf([7, 7, 7, 7, 7]))).toEqual([[NaN, NaN, NaN, 0, 0]]);
  });
});
