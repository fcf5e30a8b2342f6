import { infoOf, type MarketRule } from '../market-rule.ts';
import { PRICE_JUMP, UNIT_ERROR } from '../settings/catalogue.ts';

/** Finite and above 0. */
export function isPrice(value: number): boolean {
  return value > 0 && value < Infinity;
}

/** A price where those of 0 and less are prices, too: oil has been sold at -37.63. */
export function isPriceOf(value: number, allowsNegative: boolean): boolean {
  return isPrice(value) || (allowsNegative && Number.isFinite(value));
}

/** Finite and not below 0. */
export function isAmount(value: number): boolean {
  return value >= 0 && value < Infinity;
}

/** What a price has to be, for people. */
export function priceText(allowsNegative: boolean): string {
  return allowsNegative ? 'a finite number' : 'a finite number above 0';
}

/**
 * A finding, never a refusal: crashes, splits and thin markets move prices as much. The price before is what the kind remembers first
 * of an event.
 */
export function priceJump<C>(): MarketRule<C> {
  return {
    ...infoOf(
      PRICE_JUMP,
      'Price moved by more than the ratio since the event accepted before it: a bad print, a split or a crash.',
    ),
    prepare: (rule) => {
      const ratio = rule.number('ratio');
      return {
        broken: ({ move, stream }) => {
          const last = stream.numbers[0];
          if (last === undefined) return false;
          // A wrong unit has a rule of its own.
          return Math.abs(move.price / last - 1) > ratio && !isUnitApart(move.price, last);
        },
        explain: ({ move, stream }) =>
          `price moved from ${stream.numbers[0]} to ${move.price}, more than ${ratio * 100} %`,
      };
    },
  };
}

/** Pence and pounds: the move between the two, and what the market may have moved besides. */
const UNIT = 100;
const UNIT_TOLERANCE = 1.6;

/**
 * A finding and no refusal: where the vendor changed the unit for good, every event after it would be refused. Which of the two units is
 * meant is known with hindsight only (`tickwell validate`).
 */
export function unitError<C>(): MarketRule<C> {
  return {
    ...infoOf(
      UNIT_ERROR,
      'Price is about 100 times, or a hundredth of, that of the event accepted before it: pence as pounds, cents as dollars.',
      { unit: UNIT, tolerance: UNIT_TOLERANCE },
    ),
    prepare: () => ({
      broken: ({ move, stream }) => {
        const last = stream.numbers[0];
        return last !== undefined && isUnitApart(move.price, last);
      },
      explain: ({ move, stream }) =>
        `price went from ${stream.numbers[0]} to ${move.price}, a change of unit rather than of value`,
    }),
  };
}

function isUnitApart(a: number, b: number): boolean {
  const times = a > b ? a / b : b / a;
  return times > UNIT / UNIT_TOLERANCE && times < UNIT * UNIT_TOLERANCE;
}
