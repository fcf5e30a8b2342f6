import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXACT_SUM_SLOTS, slideSum } from './exact-sum.ts';
import { Window } from './window.ts';

/** A double as a whole multiple of 2^-1100, and a multiple of it rounded to the nearest double: the definition itself. */
const UNIT = 1100n;

function exactly(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const magnitude =
    exponent === 0n ? fraction << (UNIT - 1074n) : (fraction | (1n << 52n)) << (UNIT - 1075n + exponent);
  return value < 0 ? -magnitude : magnitude;
}

/** Whether `value` is a nearest double to the exact `sum`: neither neighbour is nearer. */
function isNearest(value: number, sum: bigint): boolean {
  const distance = (candidate: number): bigint => {
    const difference = exactly(candidate) - sum;
    return difference < 0n ? -difference : difference;
  };
  const view = new DataView(new ArrayBuffer(8));
  const neighbours = [-1n, 1n].map((step) => {
    view.setFloat64(0, value === 0 ? 0 : value);
    view.setBigUint64(0, BigInt.asUintN(64, view.getBigUint64(0) + (value === 0 ? 1n : step)));
    return view.getFloat64(0);
  });
  return neighbours.every((neighbour) => distance(value) <= distance(neighbour));
}

const anyMagnitude = fc.double({ min: -1e100, max: 1e100, noNaN: true });
const price = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const halves = fc.constantFrom(
  1,
  2 ** -53,
  2 ** -54,
  -(2 ** -53),
  2 ** -106,
  -(2 ** -107),
  2 ** 60,
  -(2 ** 60),
);

/** Slides over `values` and calls `check` after each with the window's numbers and the state. */
function slide(
  size: number,
  values: readonly number[],
  check: (kept: number[], state: Float64Array) => void,
): void {
  const window = new Window(size);
  const state = new Float64Array(EXACT_SUM_SLOTS);
  values.forEach((value, index) => {
    window.mark();
    window.push(value);
    slideSum(state, 0, window);
    check(values.slice(Math.max(0, index + 1 - size), index + 1), state);
  });
}

describe('the exact sum of a window', () => {
  it.each([
    ['prices', price],
    ['any magnitudes', anyMagnitude],
    ['ties', halves],
    ['a mixture', fc.oneof(price, anyMagnitude, halves)],
  ])('is the nearest double, and what rounding left, for %s', (_, numbers) => {
    const inputs = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.array(numbers, { maxLength: 40 }));
    fc.assert(
      fc.property(inputs, ([size, values]) => {
        slide(size, values, (kept, state) => {
          const sum = kept.reduce((total, value) => total + exactly(value), 0n);
          expect(isNearest(state[0]!, sum)).toBe(true);
          expect(isNearest(state[1]!, sum - exactly(state[0]!))).toBe(true);
          expect(state[2] === 0).toBe(exactly(state[0]!) + exactly(state[1]!) === sum);
        });
      }),
    );
  });

  it('depends on the window alone, down to the last bit', () => {
    const inputs = fc.tuple(
      fc.array(anyMagnitude),
      fc.array(fc.oneof(price, halves), { minLength: 5, maxLength: 5 }),
    );
    fc.assert(
      fc.property(inputs, ([history, window]) => {
        const ends: Float64Array[] = [];
        for (const values of [window, [...history, ...window]]) {
          let last = new Float64Array(0);
          slide(5, values, (_, state) => (last = state.slice()));
          ends.push(last);
        }
        expect(ends[1]).toEqual(ends[0]);
      }),
    );
  });

  it.each([
    ['a tie goes to even, down', [1, 2 ** -53], 1],
    ['a tie goes to even, up', [1 + 2 ** -52, 2 ** -53], 1 + 2 ** -51],
    ['a trace above a tie rounds up', [1, 2 ** -53, 2 ** -200], 1 + 2 ** -52],
    ['a trace below a tie rounds down', [1 + 2 ** -52, 2 ** -53, -(2 ** -200)], 1 + 2 ** -52],
  ])('%s, as the processor rounds', (_, values, expected) => {
    let high = NaN;
    slide(values.length, values, (_kept, state) => (high = state[0]!));
    expect(high).toBe(expected);
  });

  it('makes a mean that equal numbers have in common', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), anyMagnitude, (size, value) => {
        // Below 2^-900 the split of the quotient would underflow; no price is there.
        fc.pre(Math.abs(value) > 1e-270);
        const window = new Window(size);
        const state = new Float64Array(EXACT_SUM_SLOTS);
        let mean = NaN;
        for (let count = 0; count < size; count += 1) {
          window.mark();
          window.push(value);
          mean = slideSum(state, 0, window);
        }
        expect(mean).toBe(value);
      }),
      { numRuns: 50 },
    );
  });
});
