import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from './values-hash.ts';

const values = fc.array(fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, 1, 2, 3)), { maxLength: 9 });

describe('hashOf', () => {
  it('is equal exactly where the numbers are, bit for bit but for the form of NaN', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const same = a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
        expect(hashOf(a) === hashOf(b)).toBe(same);
        expect(hashOf([...a])).toBe(hashOf(a));
      }),
    );
  });

  it('tells apart prices and volumes next to each other, and where they stand', () => {
    const seen = new Set<bigint>();
    let bars = 0;
    for (let close = 0; close < 300; close++)
      for (let volume = 0; volume < 1000; volume++) {
        seen.add(hashOf([100 + close / 100, 100, 104, 99, volume, NaN, NaN, NaN, 1]));
        seen.add(hashOf([100, 100 + close / 100, 104, 99, volume, NaN, NaN, NaN, 2]));
        bars += 2;
      }
    expect(seen.size).toBe(bars);
  });

  it('changes about half of its bits with any bit of a number', () => {
    const base = hashOf([100.25, 7]);
    const view = new DataView(new ArrayBuffer(8));
    for (let bit = 0n; bit < 52n; bit++) {
      view.setFloat64(0, 100.25);
      view.setBigUint64(0, view.getBigUint64(0) ^ (1n << bit));
      const changed = BigInt.asUintN(64, base ^ hashOf([view.getFloat64(0), 7]));
      const flipped = changed.toString(2).replaceAll('0', '').length;
      expect(flipped, `bit ${bit}`).toBeGreaterThan(14);
      expect(flipped, `bit ${bit}`).toBeLessThan(50);
    }
  });
});
