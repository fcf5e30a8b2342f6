import { describe, expect, it } from 'vitest';
import { barsOf, columnsOf } from '../fixtures/bars.ts';

describe('bbands', () => {
  it('is the mean and so many population standard deviations about it', () => {
    // Mean 5, squared distances 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32 over 8 values: deviation 2.
    const bands = columnsOf('bbands(8,1.5)', barsOf([2, 4, 4, 4, 5, 5, 7, 9]));
    expect(bands.map((column) => column[7])).toEqual([8, 5, 2]);
    expect(bands.every((column) => column.slice(0, 7).every(Number.isNaN))).toBe(true);
  });

  it('of equal prices has a width of exactly zero', () => {
    const bands = columnsOf('bbands(7,2)', barsOf(Array.from({ length: 9 }, () => 0.1)));
    for (const column of bands) expect(column.slice(6)).toEqual([0.1, 0.1, 0.1]);
  });

  it('keeps its precision where prices are large and hardly move', () => {
    // In sums of squares 1e9 ± 0.001 would lose its width altogether.
    const [upper, middle, lower] = columnsOf('bbands(2,1)', barsOf([1e9 - 2 ** -10, 1e9 + 2 ** -10]));
    expect([upper?.[1], middle?.[1], lower?.[1]]).toEqual([1e9 + 2 ** -10, 1e9, 1e9 - 2 ** -10]);
  });
});
