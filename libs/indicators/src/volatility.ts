import { numberAt, type ParameterRule, type ParameterValue } from './definition.ts';

/** How many inputs a year has: 252 of daily bars, 1 to leave the volatility as it is per input. */
export const PER_YEAR: ParameterRule = { kind: 'number', name: 'per-year', min: 1, max: 100_000_000 };

/** √(variance of one input · inputs a year), the variance being `sum / count`. */
export function annualized(sum: number, count: number, parameters: readonly ParameterValue[]): number {
  return Math.sqrt((sum / count) * numberAt(parameters, 1));
}

/** ln(a / b); 0 where one of them is not positive, as there is no relative change of such prices. */
export function logRatio(a: number, b: number): number {
  return a > 0 && b > 0 ? Math.log(a / b) : 0;
}
