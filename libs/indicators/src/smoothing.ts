import { slot } from './definition.ts';

/**
 * A recursive average that starts as the plain average of its first `period` numbers, summed in order of arrival from
 * zero: TA-Lib's start-up in its default compatibility (docstrings of TA_EMA, TA_RSI and TA_ATR).
 */
export const SMOOTHING_SLOTS = 2;

const COUNT = 0;
/** The sum until the start-up is complete, from then on the average. */
const AVERAGE = 1;

/** Takes a number of the start-up; returns the first average with the last one and NaN before. */
function start(state: Float64Array, at: number, period: number, value: number): number {
  const count = slot(state, at + COUNT) + 1;
  const sum = slot(state, at + AVERAGE) + value;
  state[at + COUNT] = count;
  if (count < period) {
    state[at + AVERAGE] = sum;
    return NaN;
  }
  const average = sum / period;
  state[at + AVERAGE] = average;
  return average;
}

/** Exponential: previous + (value − previous) · 2 / (period + 1). Returns NaN until `period` numbers have come. */
export function smoothExponentially(state: Float64Array, at: number, period: number, value: number): number {
  if (slot(state, at + COUNT) < period) return start(state, at, period, value);
  const previous = slot(state, at + AVERAGE);
  const average = (value - previous) * (2 / (period + 1)) + previous;
  state[at + AVERAGE] = average;
  return average;
}

/**
 * Wilder's: (previous · (period − 1) + value) / period (J. Welles Wilder, "New Concepts in Technical Trading Systems",
 * 1978). Returns NaN until `period` numbers have come.
 */
export function smoothWilder(state: Float64Array, at: number, period: number, value: number): number {
  if (slot(state, at + COUNT) < period) return start(state, at, period, value);
  const average = (slot(state, at + AVERAGE) * (period - 1) + value) / period;
  state[at + AVERAGE] = average;
  return average;
}

/**
 * An exponential average, the average of that, and so on, as many as `averages` has places; slots from 0 on. Returns whether the last one,
 * and so each, is there.
 */
export function smoothRepeatedly(
  state: Float64Array,
  period: number,
  value: number,
  averages: Float64Array,
): boolean {
  let next = value;
  for (let index = 0; index < averages.length; index += 1) {
    next = smoothExponentially(state, index * SMOOTHING_SLOTS, period, next);
    if (Number.isNaN(next)) return false;
    averages[index] = next;
  }
  return true;
}
