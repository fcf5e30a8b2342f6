import type { PriceBasis } from '@tickwell/domain';
import { median, robustSigma } from '@tickwell/validation';
import { PRICE_FIELDS, type BarValues } from './bar.ts';
import { priceUnit, volumeUnit, type Precision } from './rounding.ts';

/** Bars around the one in question, which tell what is usual; a few dozen at most, the nearest. */
export interface Surroundings {
  /** Starts that both sources have, in any order. */
  readonly shared: readonly { readonly a: BarValues; readonly b: BarValues }[];
  /** Bars of each source, oldest first, without the one in question; up to `before` come before it. */
  readonly seriesA: Neighbours;
  readonly seriesB: Neighbours;
}

export interface Neighbours {
  readonly bars: readonly BarValues[];
  /** How many of them come before the bar in question. */
  readonly before: number;
  /** Of the nearest of them; undefined: there is none. */
  readonly priceBasis: PriceBasis | undefined;
}

/** What is usual of the prices around: levels on the scale of `a`. */
export interface Usual {
  /** Middle of the closes next to the bar. */
  readonly level: number;
  /** How far a price usually is from it, as a share of it. */
  readonly spread: number;
}

/** Fewer bars around do not tell what is usual. */
const MIN_USUAL = 5;
/** Closes next to the bar, at each side of each source. */
const NEAR = 3;
const MIN_RATIOS = 3;
/** Of the bars around that have to be in the same ratio. */
const TIGHT_SHARE = 0.8;

export function precisionOf(a: BarValues, b: BarValues, { seriesA, seriesB }: Surroundings): Precision {
  return { unitA: priceUnit([a, ...seriesA.bars]), unitB: priceUnit([b, ...seriesB.bars]) };
}

export function volumePrecisionOf(a: BarValues, b: BarValues, { seriesA, seriesB }: Surroundings): Precision {
  return { unitA: volumeUnit([a, ...seriesA.bars]), unitB: volumeUnit([b, ...seriesB.bars]) };
}

/** How far apart two prices may be as a share, by how they are written. */
function roundingShare(a: number, b: number, { unitA, unitB }: Precision): number {
  return unitA / Math.abs(a) + unitB / Math.abs(b) + 2e-6;
}

/**
 * The constant ratio of the prices of a to those of b over the bars around: what a split or dividends make of one of them. 1: they are on
 * one level, or there is no such ratio; `bars`: over how many it holds.
 */
export function ratioAround(
  { shared }: Surroundings,
  precision: Precision,
): { readonly ratio: number; readonly bars: number } {
  const usable = shared.filter(({ a, b }) => a.close !== 0 && b.close !== 0);
  const ratio = median(usable.map(({ a, b }) => a.close / b.close));
  if (usable.length < MIN_RATIOS || !(ratio > 0)) return { ratio: 1, bars: 0 };
  const tight = usable.filter(
    ({ a, b }) => Math.abs(a.close / b.close / ratio - 1) <= roundingShare(a.close, b.close, precision),
  );
  const tolerance = median(usable.map(({ a, b }) => roundingShare(a.close, b.close, precision)));
  const isConstant = tight.length >= TIGHT_SHARE * usable.length;
  if (!isConstant || Math.abs(ratio - 1) <= 2 * tolerance) return { ratio: 1, bars: 0 };
  return { ratio, bars: tight.length };
}

/**
 * The ratio of two bars, where open, high, low and close are all in it; undefined where they are not, or it is 1. `isTelling`: the prices of the bar
 * differ by more than rounding, so that this is no chance.
 */
export function ownRatio(
  a: BarValues,
  b: BarValues,
  precision: Precision,
): { readonly ratio: number; readonly isTelling: boolean } | undefined {
  const ratio = a.close / b.close;
  if (!(ratio > 0 && Number.isFinite(ratio))) return undefined;
  const isUniform = PRICE_FIELDS.every(
    (field) => Math.abs(a[field] / b[field] / ratio - 1) <= roundingShare(a[field], b[field], precision),
  );
  const tolerance = roundingShare(a.close, b.close, precision);
  if (!isUniform || Math.abs(ratio - 1) <= 2 * tolerance) return undefined;
  return { ratio, isTelling: a.high / a.low - 1 > 4 * tolerance };
}

/** What is usual around a bar; undefined: too little is known. `scale`: what prices of b are multiplied with to be on the level of a. */
export function usualOf({ seriesA, seriesB }: Surroundings, scale: number): Usual | undefined {
  const longer = seriesA.bars.length >= seriesB.bars.length ? seriesA : seriesB;
  if (longer.bars.length < MIN_USUAL) return undefined;
  const near = [...nearCloses(seriesA, 1), ...nearCloses(seriesB, scale)];
  const level = median(near);
  const closes = longer.bars.map(({ close }) => close);
  const returns = closes.slice(1).map((close, index) => close / (closes[index] ?? NaN) - 1);
  const ranges = longer.bars.map(({ high, low, close }) => Math.abs((high - low) / close));
  const spread = Math.max(robustSigma(returns), median(ranges.filter(Number.isFinite)) / 2, 1e-5);
  return level !== 0 && Number.isFinite(level) && Number.isFinite(spread) ? { level, spread } : undefined;
}

function nearCloses({ bars, before }: Neighbours, scale: number): readonly number[] {
  return bars.slice(Math.max(0, before - NEAR), before + NEAR).map(({ close }) => close * scale);
}
