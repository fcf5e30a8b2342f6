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
      return last !== undefined && Math.abs(price(columns, index) / last - 1) > ratio;
    },
    explain: (columns, index, stream) =>
      `price moved from ${stream.numbers[0]} to ${price(columns, index)}, more than ${ratio * 100} %`,
  };
}

/** More than this between neighbours is worth a look. */
export const JUMP_RATIO = 0.5;
