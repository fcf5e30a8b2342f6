import { slot } from './definition.ts';
import type { IndicatorInput } from './input.ts';

/** max(high − low, |high − previous close|, |low − previous close|) (Wilder 1978; TA-Lib TRANGE). */
export function trueRange(input: IndicatorInput, previousClose: number): number {
  const { high, low } = input;
  return Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose));
}

/** Slots of {@link nextTrueRange}. */
export const TRUE_RANGE_SLOTS = 2;

/** The true range with the close before, which it remembers from slot `at` on; NaN for the first input, which has none. */
export function nextTrueRange(state: Float64Array, at: number, input: IndicatorInput): number {
  const started = slot(state, at) === 1;
  const previous = slot(state, at + 1);
  state[at] = 1;
  state[at + 1] = input.close;
  return started ? trueRange(input, previous) : NaN;
}
