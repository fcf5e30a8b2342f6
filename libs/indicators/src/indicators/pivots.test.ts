import { describe, expect, it } from 'vitest';
import { columnsOf } from '../fixtures/bars.ts';
import type { IndicatorInput } from '../input.ts';

function day(sessionDate: number, open: number, high: number, low: number, close: number): IndicatorInput {
  return { open, high, low, close, volume: 1, startNs: 0n, sessionDate };
}

function last(text: string, bars: readonly IndicatorInput[]): readonly (number | undefined)[] {
  return columnsOf(text, bars).map((column) => column.at(-1));
}

describe('pivots', () => {
  const bars = [day(20240102, 3, 4, 3, 4), day(20240102, 4, 9, 1, 5), day(20240103, 7, 8, 6, 7)];

  it('are those of the whole session before, from its first bar on', () => {
    expect(last('pivots(classic)', bars)).toEqual([5, 9, 13, 17, 1, -3, -7]);
    expect(last('pivots(woodie)', bars)).toEqual([6, 11, 14, 19, 3, -2, -5]);
    expect(last('camarilla()', bars).slice(4, 5)).toEqual([5 + 4.4]);
  });

  it('do not exist in the first session', () => {
    expect(last('pivots(classic)', bars.slice(0, 2)).every(Number.isNaN)).toBe(true);
    expect(last('camarilla()', bars.slice(0, 2)).every(Number.isNaN)).toBe(true);
  });

  it('are all the price of a session without range', () => {
    const flat = [day(20240102, 5, 5, 5, 5), day(20240103, 5, 6, 4, 5)];
    for (const text of ['pivots(classic)', 'pivots(fibonacci)', 'pivots(woodie)', 'camarilla()'])
      expect(new Set(last(text, flat))).toEqual(new Set([5]));
  });
});
