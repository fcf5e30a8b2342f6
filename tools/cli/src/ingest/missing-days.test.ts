import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StoredDays } from './missing-days.ts';

const DAY = 86_400_000_000_000n;
const FAR = 10_000n * DAY;

it('asks for days without anything, neighbours as one', () => {
  const stored = new StoredDays();
  stored.add([3n * DAY, 3n * DAY + 5n, 6n * DAY - 1n]);
  expect(stored.missing({ fromNs: 2n * DAY, toNs: 8n * DAY }, FAR)).toEqual([
    { fromNs: 2n * DAY, toNs: 3n * DAY },
    { fromNs: 4n * DAY, toNs: 5n * DAY },
    { fromNs: 6n * DAY, toNs: 8n * DAY },
  ]);
  expect(stored.missing({ fromNs: 3n * DAY, toNs: 4n * DAY }, FAR)).toEqual([]);
});

it('asks again for days that may be stored in part: cut by the span, or not over yet', () => {
  const stored = new StoredDays();
  stored.add([2n * DAY, 3n * DAY, 4n * DAY]);
  const span = { fromNs: 2n * DAY + 7n, toNs: 4n * DAY + 9n };
  expect(stored.missing(span, FAR)).toEqual([
    { fromNs: 2n * DAY + 7n, toNs: 3n * DAY },
    { fromNs: 4n * DAY, toNs: 4n * DAY + 9n },
  ]);
  expect(stored.missing({ fromNs: 3n * DAY, toNs: 5n * DAY }, 4n * DAY + 1n)).toEqual([
    { fromNs: 4n * DAY, toNs: 5n * DAY },
  ]);
});

it('does not ask again for whole days that had nothing when they were over, and counts them', () => {
  const stored = new StoredDays();
  stored.add([2n * DAY]);
  stored.addAsked({ fromNs: 2n * DAY, toNs: 4n * DAY + 5n }, FAR);
  // Day 5 was not over when it was asked for.
  stored.addAsked({ fromNs: 5n * DAY, toNs: 6n * DAY }, 5n * DAY + 7n);
  const span = { fromNs: 2n * DAY, toNs: 6n * DAY };
  expect(stored.missing(span, FAR)).toEqual([{ fromNs: 4n * DAY, toNs: 6n * DAY }]);
  expect(stored.empty(span)).toBe(1);
  expect(stored.empty({ fromNs: 4n * DAY, toNs: 6n * DAY })).toBe(0);
});

it('does not ask for days without a session', () => {
  const stored = new StoredDays();
  stored.addClosed([3n * DAY, 4n * DAY]);
  expect(stored.missing({ fromNs: 2n * DAY, toNs: 6n * DAY }, FAR)).toEqual([
    { fromNs: 2n * DAY, toNs: 3n * DAY },
    { fromNs: 5n * DAY, toNs: 6n * DAY },
  ]);
});

it('leaves nothing out but whole stored days, and never overlaps', () => {
  const times = fc.array(fc.bigInt({ min: 0n, max: 20n * DAY }), { maxLength: 20 });
  const bound = fc.bigInt({ min: 0n, max: 20n * DAY });
  fc.assert(
    fc.property(times, bound, bound, (all, a, b) => {
      const [fromNs, toNs] = a < b ? [a, b] : [b, a];
      const stored = new StoredDays();
      stored.add(all);
      let atNs = fromNs;
      for (const span of [...stored.missing({ fromNs, toNs }, FAR), { fromNs: toNs, toNs }]) {
        expect(span.fromNs >= atNs).toBe(true);
        // What lies between two spans is whole days, and something is stored of each.
        expect(span.fromNs === atNs || (atNs % DAY === 0n && span.fromNs % DAY === 0n)).toBe(true);
        for (let day = atNs; day < span.fromNs; day += DAY)
          expect(all.some((time) => time >= day && time < day + DAY)).toBe(true);
        atNs = span.toNs;
      }
    }),
  );
});
