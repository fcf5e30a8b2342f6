import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CauseMarks, type Cause } from './cause.ts';

const cause = (origin: string, n: bigint, k = 0): Cause => ({ origin, n, k });

describe('CauseMarks', () => {
  it('accepts what is above the mark of its origin, once', () => {
    const marks = new CauseMarks();
    expect(marks.advance(cause('a', 1n))).toBe(true);
    expect(marks.advance(cause('a', 1n))).toBe(false);
    expect(marks.advance(cause('a', 1n, 1))).toBe(true);
    expect(marks.advance(cause('b', 1n))).toBe(true);
    expect(marks.advance(cause('a', 3n))).toBe(true);
    expect(marks.advance(cause('a', 2n, 9))).toBe(false);
    expect(marks.position('a')).toBe(3n);
    expect(marks.position('new')).toBe(0n);
  });

  it('sees every record once when writers repeat from any earlier point, zombies included', () => {
    // Two writers emit the same sequence, each in order and without holes; the log interleaves them at will.
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), fc.nat(10), (schedule, head) => {
        const next = [head, 0];
        const marks = new CauseMarks();
        const seen: number[] = [];
        for (let n = 0; n < head; n += 1) if (marks.advance(cause('w', BigInt(n + 1)))) seen.push(n);
        for (const first of schedule) {
          const writer = first ? 0 : 1;
          const n = next[writer] ?? 0;
          next[writer] = n + 1;
          if (marks.advance(cause('w', BigInt(n + 1)))) seen.push(n);
        }
        expect(seen).toEqual(Array.from({ length: Math.max(...next) }, (_, n) => n));
      }),
    );
  });

  it('continues from a snapshot', () => {
    const marks = new CauseMarks();
    marks.advance(cause('b', 2n, 3));
    marks.advance(cause('a', 7n));
    const restored = new CauseMarks(marks.snapshot());
    expect(marks.snapshot()).toEqual([cause('a', 7n), cause('b', 2n, 3)]);
    expect(restored.advance(cause('b', 2n, 3))).toBe(false);
    expect(restored.advance(cause('b', 2n, 4))).toBe(true);
    expect(restored.size).toBe(2);
  });
});
