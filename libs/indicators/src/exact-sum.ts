import { slot } from './definition.ts';
import type { Window } from './window.ts';

/**
 * The exact sum of a window, as the pair (high, low): `high` is the sum rounded to the nearest double, `low` what that
 * rounding left, rounded again. A running sum in plain doubles drifts and then depends on everything it has ever seen,
 * so that a value after warm-up differs from the live one. This pair is a function of the window's numbers alone, at a
 * cost that does not depend on the window's length.
 *
 * The running part is Knuth's TwoSum (TAOCP vol. 2, 4.2.2, theorem B) on a double-double. Prices of one instrument
 * nearly always fit its 106 bits; where they do not (magnitudes some 15 decades apart), the pair is computed from the window by
 * Shewchuk's expansions ("Adaptive precision floating-point arithmetic", 1997), as Python's `math.fsum` does.
 */
export const EXACT_SUM_SLOTS = 3;

const HIGH = 0;
const LOW = 1;
/** 1 while the exact sum does not fit the pair, so that the next step may not build on it. */
const INEXACT = 2;

/** Adds one number to the pair; false, and the pair untouched, if the exact result does not fit. */
function addExactly(state: Float64Array, at: number, value: number): boolean {
  const high = slot(state, at + HIGH);
  const low = slot(state, at + LOW);
  const sum = high + value;
  const sumPart = sum - high;
  const error = high - (sum - sumPart) + (value - sumPart);
  const rest = low + error;
  const restPart = rest - low;
  if (low - (rest - restPart) + (error - restPart) !== 0) return false;
  const rounded = sum + rest;
  const roundedPart = rounded - sum;
  state[at + HIGH] = rounded;
  state[at + LOW] = sum - (rounded - roundedPart) + (rest - roundedPart);
  return true;
}

/** Call after each push to `window`: brings the sum in slots `at` … `at + 2` up to date. */
export function slideSum(state: Float64Array, at: number, window: Window): void {
  if (slot(state, at + INEXACT) === 0) {
    const newest = window.data[window.end - 1] ?? NaN;
    if (addExactly(state, at, newest) && (!window.hasLeaving || addExactly(state, at, -window.leaving)))
      return;
  }
  const values = window.values();
  const expansion = expand(window.hasLeaving ? values.subarray(1) : values);
  const high = roundExpansion(expansion);
  addToExpansion(expansion, -high);
  const low = roundExpansion(expansion);
  addToExpansion(expansion, -low);
  state[at + HIGH] = high;
  state[at + LOW] = low;
  state[at + INEXACT] = roundExpansion(expansion) === 0 ? 0 : 1;
}

/** 2^27 + 1: splits a double into two halves of 26 bits (Veltkamp; Dekker 1971). */
const SPLITTER = 134_217_729;

/**
 * The sum divided by `count` (at most 2^26), so close to the exact quotient that equal numbers have themselves as their
 * mean: the remainder of the division is computed exactly and divided as well.
 */
export function meanOf(state: Float64Array, at: number, count: number): number {
  const high = slot(state, at + HIGH);
  const quotient = high / count;
  const scaled = quotient * SPLITTER;
  const upper = scaled - (scaled - quotient);
  const remainder = high - upper * count - (quotient - upper) * count + slot(state, at + LOW);
  return quotient + remainder / count;
}

/** Numbers of growing magnitude that do not overlap and whose exact sum is that of `values`. */
function expand(values: Float64Array): number[] {
  const expansion: number[] = [];
  for (const value of values) addToExpansion(expansion, value);
  return expansion;
}

function addToExpansion(expansion: number[], value: number): void {
  let carry = value;
  let kept = 0;
  for (const part of expansion) {
    const sum = carry + part;
    const carryPart = sum - part;
    const error = carry - carryPart + (part - (sum - carryPart));
    if (error !== 0) expansion[kept++] = error;
    carry = sum;
  }
  expansion.length = kept;
  if (carry !== 0) expansion.push(carry);
}

/** The expansion's sum rounded once, to the nearest double, ties to even. */
function roundExpansion(expansion: readonly number[]): number {
  let index = expansion.length - 1;
  let high = expansion[index] ?? 0;
  let error = 0;
  while (error === 0 && index > 0) {
    index -= 1;
    const part = expansion[index] ?? 0;
    const sum = high + part;
    error = part - (sum - high);
    high = sum;
  }
  // `error` may be exactly half a unit of `high`: what lies below it then decides which way to round.
  const below = index > 0 ? (expansion[index - 1] ?? 0) : 0;
  const pastHalf = (error > 0 && below > 0) || (error < 0 && below < 0);
  const away = high + 2 * error;
  return pastHalf && away - high === 2 * error ? away : high;
}
