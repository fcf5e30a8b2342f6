import { describe, expect, it } from 'vitest';
import { barsOf, columnsOf } from '../fixtures/bars.ts';

describe('ema', () => {
  it('starts as the simple average and then moves by 2 / (period + 1) of the distance', () => {
    expect(columnsOf('ema(3)', barsOf([1, 2, 3, 6, 0]))).toEqual([[NaN, NaN, 2, 4, 2]]);
  });

  it('of period 1 is the price', () => {
    expect(columnsOf('ema(1)', barsOf([5, 7, 3]))).toEqual([[5, 7, 3]]);
  });
});
