import type { EventRule } from '../rule.ts';

/** Finite and above 0. */
export function isPrice(value: number): boolean {
  return value > 0 && value < Infinity;
}

/** Finite and not below 0. */
export function isAmount(value: number): boolean {
  return value >= 0 && value < Infinity;
}

/**
 * A finding, never a refusal: crashes, splits and thin markets move prices as much. `price` is what the kind remembers first of
 * an event.
 */
export function priceJump<C>(price: (columns: C, index: number) => number, ratio: number): EventRule<C> {
  return {
    id: 'price-jump',
    severity: 'flag',
    description:
      'Price moved by more than the ratio since the event accepted before it: a bad print, a split or a crash.',
    parameters: { ratio },
    broken: (columns, index, stream) => {
      const last = stream.numbers[0];
      if (last === undefined) return false;
      const now = price(columns, index);
      // A wrong unit has a rule of its own.
      return Math.abs(now / last - 1) > ratio && !isUnitApart(now, last);
    },
    explain: (columns, index, stream) =>
      `price moved from ${stream.numbers[0]} to ${price(columns, index)}, more than ${ratio * 100} %`,
  };
}

/** Pence and pounds: the move between the two, and what the market may have moved besides. */
const UNIT = 100;
const UNIT_TOLERANCE = 1.6;

/**
 * A finding and no refusal: where the vendor changed the unit for good, every event after it would be refused. Which of the two units is
 * meant is known with hindsight only (`tickwell validate`).
 */
export function unitError<C>(price: (columns: C, index: number) => number): EventRule<C> {
  return {
    id: 'unit-error',
    severity: 'flag',
    description:
      'Price is about 100 times, or a hundredth of, that of the event accepted before it: pence as pounds, cents as dollars.',
    parameters: { unit: UNIT, tolerance: UNIT_TOLERANCE },
    broken: (columns, index, stream) => {
      const last = stream.numbers[0];
      return last !== undefined && isUnitApart(price(columns, index), last);
    },
    explain: (columns, index, stream) =>
      `price went from ${stream.numbers[0]} to ${price(columns, index)}, a change of unit rather than of value`,
  };
}

function isUnitApart(a: number, b: number): boolean {
  const times = a > b ? a / b : b / a;
  return times > UNIT / UNIT_TOLERANCE && times < UNIT * UNIT_TOLERANCE;
}

/** More than this between neighbours is worth a look. */
export const JUMP_RATIO = 0.5;
