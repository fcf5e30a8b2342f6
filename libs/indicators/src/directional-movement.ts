import { slot } from './definition.ts';
import type { IndicatorInput } from './input.ts';
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
  at: number,
  period: number,
  input: IndicatorInput,
): boolean {
  const count = slot(state, at + COUNT);
  const up = input.high - slot(state, at + PREVIOUS_HIGH);
  const down = slot(state, at + PREVIOUS_LOW) - input.low;
  const range = trueRange(input, slot(state, at + PREVIOUS_CLOSE));
  state[at + COUNT] = Math.min(count + 1, period + 1);
  state[at + PREVIOUS_HIGH] = input.high;
  state[at + PREVIOUS_LOW] = input.low;
  state[at + PREVIOUS_CLOSE] = input.close;
  if (count === 0) return false;
  // From the `period`-th movement on, a part of what was there leaves with each.
  const kept = count < period ? 1 : 1 - 1 / period;
  const isUp = up > 0 && up > down;
  const isDown = down > 0 && down > up;
  state[at + PLUS] = slot(state, at + PLUS) * kept + (isUp ? up : 0);
  state[at + MINUS] = slot(state, at + MINUS) * kept + (isDown ? down : 0);
  state[at + RANGE] = slot(state, at + RANGE) * kept + range;
  return count >= period;
}

/** +DI in percent of the true range; 0 where that is 0. */
export function plusDirection(state: Float64Array, at: number): number {
  return percent(slot(state, at + PLUS), slot(state, at + RANGE));
}

/** −DI in percent of the true range; 0 where that is 0. */
export function minusDirection(state: Float64Array, at: number): number {
  return percent(slot(state, at + MINUS), slot(state, at + RANGE));
}

/** 100 · |+DI − −DI| / (+DI + −DI); NaN where it is not defined, because nothing has moved. */
export function directionalIndex(plus: number, minus: number): number {
  const sum = plus + minus;
  return sum < NEARLY_ZERO ? NaN : 100 * (Math.abs(minus - plus) / sum);
}

function percent(movement: number, range: number): number {
  return range < NEARLY_ZERO ? 0 : 100 * (movement / range);
}
