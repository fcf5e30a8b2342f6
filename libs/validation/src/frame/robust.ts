/** Statistics that a few wrong values do not move. */

/** Middle value; NaN of none. Does not change its argument. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that a share of the values lies below, between neighbours by line; NaN of none. */
function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** What the median absolute value of a normal distribution is multiplied with to give its standard deviation. */
const MAD_TO_SIGMA = 1.4826;

/**
 * Standard deviation of returns around 0, from the median of their sizes: half of them may be wrong. Returns of 0 are left out: in a
 * thin market most rows carry the price before, and say nothing about how far it moves when it does.
 */
export function robustSigma(returns: readonly number[]): number {
  const sizes = returns.filter((value) => value !== 0 && Number.isFinite(value)).map(Math.abs);
  return sizes.length === 0 ? 0 : MAD_TO_SIGMA * median(sizes);
}
