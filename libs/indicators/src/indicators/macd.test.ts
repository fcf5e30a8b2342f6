import { describe, expect, it } from 'vitest';
import { barsOf, columnsOf } from '../fixtures/bars.ts';

describe('macd', () => {
  it('starts both averages on the same bar and is defined from the first signal on', () => {
    // Slow EMA(3): 3, then 5; fast EMA(2) starts over bars 2 and 3: 3.5, then 3.5 + (7 − 3.5) · 2/3.
    const first = 3.5 - 3;
    const second = 3.5 + (7 - 3.5) * (2 / 3) - 5;
    const [macd, signal, histogram] = columnsOf('macd(2,3,2)', barsOf([2, 3, 4, 7]));
    expect(macd?.slice(0, 3)).toEqual([NaN, NaN, NaN]);
    expect(macd?.[3]).toBeCloseTo(second, 14);
    expect(signal?.[3]).toBeCloseTo((first + second) / 2, 14);
    expect(histogram?.[3]).toBeCloseTo((second - first) / 2, 14);
  });

  it('is zero for a price that stands still', () => {
    expect(columnsOf('macd(2,4,2)', barsOf([8, 8, 8, 8, 8, 8])).map((column) => column.slice(4))).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });
});
