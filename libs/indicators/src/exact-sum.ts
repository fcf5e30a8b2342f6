import { slot } from './definition.ts';
import type { Window } from './window.ts';

/**
 * The exact sum of a window, as the pair (high, low): `high` is the sum rounded to the nearest double, `low` what that
 * rounding left, rounded again. A running sum in plain doubles drifts and then depends on everything it has ever seen,
 * so that a value after warm-up differs from the live one. This pair is a function of the window's numbers alone, at a
 * cost that does not depend on the window's length.
 *
 * The running part is Knuth's TwoSum (TAOCP vol. 2, 4.2.2, theorem B) on two doubles. Prices of one instrument
 * nearly always fit its 106 bits; where they do not (magnitudes some 15 decades apart), the pair is computed from the window by
 * Shewchuk's expansions ("Adaptive precision floating-point arithmetic", 1997), as Python's `math.fsum` does.
 */
export const EXACT_SUM_SLOTS = 3;

const HIGH = 0;
const LOW = 1;
/** 1 while the exact sum does not fit the pair, so that the next step may not build on it. */
const INEXACT = 2;

/** The mean of the last row, for who wants no other. */
const MEAN = new Float64Array(1);

/**
 * Call after each push to `window`: brings the sum in slots `at` … `at + 2` up to date. Returns the sum divided by the window's size, so close to
 * the exact quotient that equal numbers have themselves as their mean.
 */
export function slideSum(state: Float64Array, at: number, window: Window): number {
  const { data, end, size } = window;
  slideMeans(state, at, data, size, end - 1, end, MEAN, 0);
  return MEAN[0] ?? NaN;
}

/**
 * The same for the rows `from` … `to − 1` of a column, each of which ends a window of `size` numbers: the means go to `out`, from `outAt` on. The slots
 * hold the sum of the window before the first row, and of the last one in the end. Rows before the column's first count as nothing.
 */
export function slideMeans(
  state: Float64Array,
  at: number,
  source: Float64Array,
  size: number,
  from: number,
  to: number,
  out: Float64Array,
  outAt: number,
): void {
  let row = from;
  while (row < to) {
    if (slot(state, at + INEXACT) === 0)
      row = slideExactly(state, at, source, size, row, to, out, outAt + row - from);
    if (row === to) return;
    sumAnew(state, at, source.slice(Math.max(0, row + 1 - size), row + 1));
    out[outAt + row - from] = meanOf(slot(state, at + HIGH), slot(state, at + LOW), size);
    row += 1;
  }
}

/**
 * Goes as far as the sum fits two doubles and returns the row after. Within it the two are kept as they come and rounded to a pair for each mean
 * only: then no row waits for more than an addition of the one before.
 */
function slideExactly(
  state: Float64Array,
  at: number,
  source: Float64Array,
  size: number,
  from: number,
  to: number,
  out: Float64Array,
  outAt: number,
): number {
  let high = slot(state, at + HIGH);
  let low = slot(state, at + LOW);
  let row = from;
  let outRow = outAt;
  for (; row < to; row += 1, outRow += 1) {
    const newest = source[row] ?? NaN;
    const leaving = row < size ? 0 : (source[row - size] ?? NaN);
    const change = newest - leaving;
    const changePart = change - newest;
    const changeError = newest - (change - changePart) - (leaving + changePart);
    const sum = high + change;
    const sumPart = sum - high;
    const error = high - (sum - sumPart) + (change - sumPart);
    const lost = error + changeError;
    const lostPart = lost - error;
    if (error - (lost - lostPart) + (changeError - lostPart) !== 0) break;
    const rest = low + lost;
    const restPart = rest - low;
    if (low - (rest - restPart) + (lost - restPart) !== 0) break;
    high = sum;
    low = rest;
    const rounded = sum + rest;
    out[outRow] = meanOf(rounded, leftBy(rounded, sum, rest), size);
  }
  const rounded = high + low;
  state[at + HIGH] = rounded;
  state[at + LOW] = leftBy(rounded, high, low);
  return row;
}

/** What the rounding of `a + b` to `sum` left, exactly. */
function leftBy(sum: number, a: number, b: number): number {
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

function sumAnew(state: Float64Array, at: number, values: Float64Array): void {
  const expansion = expand(values);
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

/** A pair divided by `count` (at most 2^26): the remainder of the division is computed exactly and divided as well. */
function meanOf(high: number, low: number, count: number): number {
  const quotient = high / count;
  const scaled = quotient * SPLITTER;
  const upper = scaled - (scaled - quotient);
  const remainder = high - upper * count - (quotient - upper) * count + low;
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
