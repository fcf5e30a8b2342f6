import { slot } from './definition.ts';
import { at, type Rows } from './rows.ts';

/** max(high − low, |high − previous close|, |low − previous close|) (Wilder 1978; TA-Lib TRANGE). */
export function trueRange(high: number, low: number, previousClose: number): number {
  return Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose));
}

/** Slots of {@link nextTrueRange}. */
export const TRUE_RANGE_SLOTS = 2;

/** The true range with the close before, which it remembers from slot `first` on; NaN for the first input, which has none. */
export function nextTrueRange(state: Float64Array, first: number, rows: Rows, row: number): number {
  const started = slot(state, first) === 1;
  const previous = slot(state, first + 1);
  rememberClose(state, first, rows, row);
  return started ? trueRange(at(rows.high, row), at(rows.low, row), previous) : NaN;
}

/** What {@link nextTrueRange} remembers of a row. */
export function rememberClose(state: Float64Array, first: number, rows: Rows, row: number): void {
  state[first] = 1;
  state[first + 1] = at(rows.close, row);
}

/** The true range of a row whose predecessor is in the columns too. */
export function trueRangeWithin(rows: Rows, row: number): number {
  return trueRange(at(rows.high, row), at(rows.low, row), at(rows.close, row - 1));
}
