import { describe, expect, it } from 'vitest';
import { barsOf, columnsOf } from '../fixtures/bars.ts';

describe('sma', () => {
  it('is the mean of the last values', () => {
    expect(columnsOf('sma(3)', barsOf([1, 2, 3, 4, 8]))).toEqual([[NaN, NaN, 2, 3, 5]]);
  });

  it('forgets a huge price completely once it has left the window', () => {
    const [averages] = columnsOf('sma(2)', barsOf([0.1, 1e90, 0.1, 0.3]));
    expect(averages?.[3]).toBe(0.2);
  });

  it('of equal prices is that price, to the bit', () => {
    const [averages] = columnsOf('sma(3)', barsOf([0.1, 0.1, 0.1, 0.1]));
    expect(averages?.slice(2)).toEqual([0.1, 0.1]);
  });

  it('follows the source it is given', () => {
    const bars = barsOf([10, 20]).map((bar, index) => ({
      ...bar,
      high: 30,
      low: 4,
      volume: 7,
      open: 12 + index,
    }));
    const values = ['open', 'high', 'low', 'close', 'volume', 'hl2', 'hlc3', 'ohlc4', 'vwap'].map(
      (source) => columnsOf(`sma(2,${source})`, bars)[0]?.[1],
    );
    expect(values).toEqual([12.5, 30, 4, 15, 7, 17, (44 + 54) / 6, (56 + 67) / 8, (44 + 54) / 6]);
    expect(columnsOf('sma(1,vwap)', [{ ...bars[0]!, vwap: 11 }])).toEqual([[11]]);
  });
});
