import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteCache } from './byte-cache.ts';
import { scanRows } from './rows.ts';

function scan(text: string, count: number): number[][] {
  const rows: number[][] = [];
  scanRows(Buffer.from(text), count, (fields) => rows.push([...fields]));
  return rows;
}

describe('scanRows', () => {
  it('reads numbers as Number does', () => {
    const value = fc.tuple(
      fc.nat({ max: 9_999_999 }),
      fc.nat({ max: 99_999_999 }),
      fc.integer({ min: 0, max: 8 }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (parts) => {
        const cells = parts.map(([whole, fraction, digits]) =>
          digits === 0 ? String(whole) : `${whole}.${String(fraction).padStart(8, '0').slice(0, digits)}`,
        );
        expect(scan(cells.join(','), cells.length)).toEqual([cells.map(Number)]);
      }),
    );
  });

  it('gives the code of a letter, NaN for nothing, and leaves short lines out', () => {
    expect(scan('1,N,,x\r\n\n2,3\n4,5,6,7', 4)).toEqual([
      [1, 78, Number.NaN, 120],
      [4, 5, 6, 7],
    ]);
    expect(scan('800.010000000000,1\n', 2)).toEqual([[800.01, 1]]);
  });
});

describe('ByteCache', () => {
  it('keeps what was used last and never more than its bound', () => {
    const made: string[] = [];
    const cache = new ByteCache<string>(10, (value) => value.length);
    const get = (key: string): string =>
      cache.get(key, () => {
        made.push(key);
        return key.repeat(4);
      });
    get('a');
    get('b');
    get('a');
    get('c');
    expect(cache.bytes).toBe(8);
    expect(get('a')).toBe('aaaa');
    get('b');
    expect(made).toEqual(['a', 'b', 'c', 'b']);
    cache.get('huge', () => 'x'.repeat(11));
    expect(cache.bytes).toBe(0);
  });
});
