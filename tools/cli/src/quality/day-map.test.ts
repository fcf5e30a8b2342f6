import type { DayCoverage, SeriesCoverage } from '@tickwell/client';
import { describe, expect, it } from 'vitest';
import { coverageMap } from './day-map.ts';

function series(symbol: string, source: string, days: readonly DayCoverage[]): SeriesCoverage {
  const sum = (of: 'expected' | 'arrived'): number => days.reduce((all, day) => all + day[of], 0);
  const counts = { expected: sum('expected'), arrived: sum('arrived'), outside: 0 };
  return {
    symbol,
    source,
    calendar: 'XNYS',
    problem: '',
    ...counts,
    days,
    gaps: [],
    gapCount: 0,
    repaired: [],
  };
}

const day = (date: number, arrived: number, expected = 10): DayCoverage => ({ date, expected, arrived });

describe('the map of coverage', () => {
  it('has a character per day, and a block per month', () => {
    const lines = coverageMap([
      series('AAPL', 'ib', [day(20240628, 10), day(20240701, 9), day(20240702, 5), day(20240703, 1)]),
      series('MSFT', '', [day(20240702, 0)]),
    ]);
    expect(lines).toEqual([
      '2024-06  123456789012345678901234567890',
      `AAPL ib  ${' '.repeat(27)}█`,
      'MSFT -',
      '2024-07  1234567890123456789012345678901',
      'AAPL ib  ▓▒░',
      'MSFT -    ·',
    ]);
  });

  it('has a character per month of a long range, and a block per year', () => {
    const lines = coverageMap([
      series('A', 'x', [day(20230301, 10), day(20230302, 8), day(20230403, 10), day(20240102, 0)]),
    ]);
    expect(lines).toEqual(['2023     JFMAMJJASOND', 'A x        ▓█', '2024     JFMAMJJASOND', 'A x      ·']);
  });

  it('is nothing where nothing is expected', () => {
    expect(coverageMap([series('A', 'x', [])])).toEqual([]);
  });
});
