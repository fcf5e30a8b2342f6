import type { BarFrame } from './bar-frame.ts';
import type { PriceSeries } from './series.ts';

/** The frame with all prices of each place of the series multiplied; the same frame where every factor is 1. */
export function scaleRows(series: PriceSeries, factors: Float64Array): BarFrame {
  const { frame } = series;
  if (factors.every((factor) => factor === 1)) return frame;
  const scale = (column: Float64Array): Float64Array => {
    const scaled = Float64Array.from(column);
    series.valid.forEach((row, at) => {
      scaled[row] = (scaled[row] ?? NaN) * (factors[at] ?? 1);
    });
    return scaled;
  };
  const maybe = (column: Float64Array | undefined): Float64Array | undefined =>
    column === undefined ? undefined : scale(column);
  return {
    ...frame,
    close: scale(frame.close),
    open: maybe(frame.open),
    high: maybe(frame.high),
    low: maybe(frame.low),
    adjClose: maybe(frame.adjClose),
  };
}
