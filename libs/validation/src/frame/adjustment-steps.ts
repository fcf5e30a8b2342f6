import { valueAt } from './columns.ts';
import { median } from './robust.ts';
import type { PriceSeries } from './series.ts';

const SIDE_ROWS = 3;
/** Relative error of single precision, which many sources store prices in, of two values. */
const FLOAT_NOISE = 5e-6;
const MAX_DECIMALS = 6;

/** Where the ratio of adjusted to plain close may change: a dividend, a split. */
export interface ActionEvent {
  /** First place of the series on or after the day. */
  readonly at: number;
  /** Row of the frame it is recorded in. */
  readonly row: number;
  readonly dividend: number;
  readonly capitalGains: number;
  /** 1: none. */
  readonly split: number;
}

/** Actions that the frame records, oldest first; none before the second place, where there is nothing to compare with. */
export function actionEvents(series: PriceSeries): readonly ActionEvent[] {
  const { frame } = series;
  const events: ActionEvent[] = [];
  let at = 0;
  for (let row = 0; row < frame.close.length; row++) {
    const dividend = positive(valueAt(frame.dividends, row));
    const capitalGains = positive(valueAt(frame.capitalGains, row));
    const split = positive(valueAt(frame.splits, row)) || 1;
    if (dividend === 0 && capitalGains === 0 && split === 1) continue;
    while (at < series.length && series.row(at) < row) at++;
    if (at > 0 && at < series.length) events.push({ at, row, dividend, capitalGains, split });
  }
  return events;
}

function positive(value: number): number {
  return value > 0 && value < Infinity ? value : 0;
}

/** The ratio of adjusted to plain close along a series. */
export class AdjustmentRatio {
  readonly #ratios: Float64Array;
  readonly #noise: Float64Array;

  constructor(series: PriceSeries) {
    const adjusted = Float64Array.from(series.valid, (row) => valueAt(series.frame.adjClose, row));
    const plain = Float64Array.from(series.valid, (row) => valueAt(series.frame.close, row));
    const [adjustedHalf, plainHalf] = [roundingOf(adjusted), roundingOf(plain)];
    this.#ratios = adjusted.map((value, at) => value / (plain[at] ?? NaN));
    this.#noise = adjusted.map(
      (value, at) => FLOAT_NOISE + adjustedHalf / Math.abs(value) + plainHalf / (plain[at] ?? NaN),
    );
  }

  at(place: number): number {
    return this.#ratios[place] ?? NaN;
  }

  /** Relative error that rounding alone can make. */
  noise(place: number): number {
    const noise = this.#noise[place] ?? NaN;
    return Number.isFinite(noise) ? noise : FLOAT_NOISE;
  }

  /** Ratio right before a place over that right after, from several rows of each side that `limits` allows. */
  step(place: number, limits: { readonly from: number; readonly to: number }): number {
    const before: number[] = [];
    const after: number[] = [];
    for (let at = place - 1; at >= Math.max(limits.from, place - SIDE_ROWS); at--) before.push(this.at(at));
    for (let at = place; at < Math.min(limits.to, place + SIDE_ROWS); at++) after.push(this.at(at));
    return median(before) / median(after);
  }
}

/** Half of the last decimal that values are rounded to; 0 where they are not. */
function roundingOf(values: Float64Array): number {
  const sample = values.subarray(0, 2000).filter((value) => Number.isFinite(value));
  for (let decimals = 0; decimals <= MAX_DECIMALS; decimals++) {
    const scale = 10 ** decimals;
    if (sample.every((value) => Math.abs(value * scale - Math.round(value * scale)) < 1e-6))
      return 0.5 / scale;
  }
  return 0;
}
