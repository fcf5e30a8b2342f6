import { slot } from './definition.ts';
import { at, type Rows } from './rows.ts';
import { trueRange } from './true-range.ts';

const COUNT = 0;
const PREVIOUS_HIGH = 1;
const PREVIOUS_LOW = 2;
const PREVIOUS_CLOSE = 3;
const PLUS = 4;
const MINUS = 5;
const RANGE = 6;

/** Slots of {@link moveDirection}. */
export const DIRECTION_SLOTS = 7;

/** TA-Lib takes smaller sums for 0. */
const NEARLY_ZERO = 1e-14;

/**
 * Wilder's directional movement and true range, smoothed as sums over `period` (J. Welles Wilder, "New Concepts in Technical Trading Systems",
 * 1978). They start as the plain sums of the first `period − 1` movements (TA-Lib PLUS_DI). Returns whether they are there: with the input number
 * `period + 1`, as the first has no movement.
 */
export function moveDirection(
  state: Float64Array,
  first: number,
  period: number,
  rows: Rows,
  row: number,
): boolean {
  const high = at(rows.high, row);
  const low = at(rows.low, row);
  const close = at(rows.close, row);
  const count = slot(state, first + COUNT);
  const up = high - slot(state, first + PREVIOUS_HIGH);
  const down = slot(state, first + PREVIOUS_LOW) - low;
  const range = trueRange(high, low, slot(state, first + PREVIOUS_CLOSE));
  state[first + COUNT] = Math.min(count + 1, period + 1);
  state[first + PREVIOUS_HIGH] = high;
  state[first + PREVIOUS_LOW] = low;
  state[first + PREVIOUS_CLOSE] = close;
  if (count === 0) return false;
  // From the `period`-th movement on, a part of what was there leaves with each.
  const kept = count < period ? 1 : 1 - 1 / period;
  const isUp = up > 0 && up > down;
  const isDown = down > 0 && down > up;
  state[first + PLUS] = slot(state, first + PLUS) * kept + (isUp ? up : 0);
  state[first + MINUS] = slot(state, first + MINUS) * kept + (isDown ? down : 0);
  state[first + RANGE] = slot(state, first + RANGE) * kept + range;
  return count >= period;
}

/** +DI in percent of the true range; 0 where that is 0. */
export function plusDirection(state: Float64Array, first: number): number {
  return percent(slot(state, first + PLUS), slot(state, first + RANGE));
}

/** −DI in percent of the true range; 0 where that is 0. */
export function minusDirection(state: Float64Array, first: number): number {
  return percent(slot(state, first + MINUS), slot(state, first + RANGE));
}

/** 100 · |+DI − −DI| / (+DI + −DI); NaN where it is not defined, because nothing has moved. */
export function directionalIndex(plus: number, minus: number): number {
  const sum = plus + minus;
  return sum < NEARLY_ZERO ? NaN : 100 * (Math.abs(minus - plus) / sum);
}

function percent(movement: number, range: number): number {
  return range < NEARLY_ZERO ? 0 : 100 * (movement / range);
}
