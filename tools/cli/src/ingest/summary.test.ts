import { describe, expect, it } from 'vitest';
import type { QualityCounts } from '../stored.ts';
import {
  countLines,
  countsSince,
  noveltyOf,
  noveltyText,
  refusedText,
  refusedWhole,
  total,
} from './summary.ts';

function counts(symbol: string, accepted: number, more: Partial<QualityCounts> = {}): QualityCounts {
  const { deadLettered = 0, duplicates = 0 } = more;
  const received = accepted + deadLettered + duplicates;
  return { symbol, source: 'file:x', kind: 'trades', received, accepted, deadLettered, duplicates, ...more };
}

const unreadable = (rows: number): QualityCounts => counts('', 0, { kind: 'refused', deadLettered: rows });

describe('countsSince', () => {
  it('is what came since, without the series of which nothing came', () => {
    const before = [counts('A', 5, { duplicates: 1 }), counts('B', 3), counts('', 0, { kind: 'refused' })];
    const after = [counts('A', 7, { duplicates: 4 }), counts('B', 3), counts('C', 1), unreadable(2)];
    expect(countsSince(before, after)).toEqual([
      counts('A', 2, { duplicates: 3 }),
      counts('C', 1),
      unreadable(2),
    ]);
  });

  it('tells kinds and sources of one symbol apart', () => {
    const bars = counts('A', 9, { kind: 'bars' });
    const other = counts('A', 9, { source: 'file:y' });
    expect(countsSince([counts('A', 9)], [counts('A', 9), bars, other])).toEqual([bars, other]);
  });

  it('takes all where counting began again', () => {
    expect(countsSince([counts('A', 9)], [counts('A', 2)])).toEqual([counts('A', 2)]);
  });
});

describe('countLines', () => {
  it('shows the largest series, how many more there are, what could not be read, and the total', () => {
    const series = Array.from({ length: 10_000 }, (_, at) => counts(`S${at}`, at + 1));
    const lines = countLines([...series, unreadable(7)]);
    expect(lines).toHaveLength(24);
    expect(lines[1]).toMatch(/^S9999 +trades +10,000 +10,000 +0 +0 +file:x$/);
    expect(lines[21]).toMatch(/^and 9,980 more +49,805,190 +49,805,190 +0 +0$/);
    expect(lines[22]).toMatch(/^not readable +7 +0 +7 +0$/);
    expect(lines[23]).toMatch(/^total +50,005,007 +50,005,000 +7 +0$/);
  });

  it('has a total always, and no line for what there is none of', () => {
    expect(countLines([counts('A', 1)]).map((line) => line.split(' ')[0])).toEqual(['symbol', 'A', 'total']);
  });
});

describe('what the store did not have', () => {
  it('is told apart from what it had', () => {
    expect(noveltyOf([counts('A', 5), unreadable(3)], 10, 12)).toEqual({ fresh: 2, again: 3 });
    expect(noveltyText({ fresh: 1, again: 0 })).toBe('1 event new in the store');
    expect(noveltyText({ fresh: 0, again: 1_000 })).toContain(
      '0 events new in the store, 1,000 stored before',
    );
  });

  it('is never more than what was accepted, nor of kinds that are not counted', () => {
    expect(noveltyOf([counts('A', 5)], 10, 40)).toEqual({ fresh: 5, again: 0 });
    const actions = counts('A', 5, { kind: 'actions' });
    expect(noveltyOf([actions, counts('A', 1)], 10, 10)).toEqual({ fresh: 0, again: 1 });
    expect(noveltyOf([actions], 10, 10)).toBeUndefined();
    expect(noveltyOf([], 10, 10)).toEqual({ fresh: 0, again: 0 });
  });
});

describe('refusedWhole', () => {
  it('names a source of which nothing was accepted', () => {
    const bad = [counts('A', 0, { deadLettered: 2 }), unreadable(1)];
    expect(refusedWhole(bad, 'default')).toMatch(
      /^file:x: all 3 rows were refused; "tickwell dead-letter list/,
    );
    const worse = counts('A', 0, { deadLettered: 1, source: 'file:y' });
    expect(refusedWhole([...bad, worse], 'default')).toContain(
      'all 3 rows were refused, as were all of 1 more; ',
    );
  });

  it('is quiet where something was accepted, was known already, or nothing came', () => {
    expect(refusedWhole([counts('A', 1), unreadable(9)], 'default')).toBeUndefined();
    expect(refusedWhole([counts('A', 0, { deadLettered: 2, duplicates: 1 })], 'default')).toBeUndefined();
    expect(refusedWhole([], 'default')).toBeUndefined();
  });

  it('speaks of one row as one', () => {
    expect(refusedText({ name: 'x.csv', rows: 1, others: 0, instance: 'lab' })).toBe(
      'x.csv: its only row was refused; "tickwell dead-letter list --instance lab" shows why',
    );
  });
});

it('a total is the sum', () => {
  expect(total([counts('A', 1, { duplicates: 2 }), unreadable(4)])).toEqual({
    received: 7,
    accepted: 1,
    deadLettered: 4,
    duplicates: 2,
  });
});
