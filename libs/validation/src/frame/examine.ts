import type { BarFrame } from './bar-frame.ts';
import type { Sink } from './frame-rule.ts';
import { findAdjustmentErrors } from './rules/adjustment.ts';
import { findBadShapes } from './rules/bar-shape.ts';
import { findMissing } from './rules/missing.ts';
import { findBadTicks } from './rules/spike.ts';
import { findSplitErrors, SPLIT_UNADJUSTED, type SplitStretch } from './rules/split.ts';
import { findUnitErrors } from './rules/unit.ts';
import { replaceValues, scaleCells } from './scale.ts';
import { PriceSeries } from './series.ts';

/**
 * Runs every rule over a frame in time order without repeats. Each sees the prices as those before it would have them. Returns the
 * frame with what the findings say it should hold, as far as they do: units, shares, adjusted close, dividends.
 */
export function examine(frame: BarFrame, sink: Sink): BarFrame {
  const series = new PriceSeries(frame);
  findMissing({ series }, sink);
  findBadShapes({ series }, sink);
  const units = findUnitErrors({ series }, sink);
  const inUnit = new PriceSeries(units.frame);
  const stretches = findSplitErrors({ series: inUnit }, sink);
  const inShares = new PriceSeries(convert(inUnit, stretches));
  findBadTicks({ series: inShares }, (at) => units.factors[at] !== 1, sink);
  const { adjusted, dividends } = findAdjustmentErrors({ series: inShares }, sink);
  // A split that nobody recorded may be none: what follows from it is judged, and not changed.
  const recorded = stretches.filter(({ rule }) => rule === SPLIT_UNADJUSTED.id);
  const repaired = recorded.length === stretches.length ? inShares.frame : convert(inUnit, recorded);
  return {
    ...repaired,
    ...(repaired.adjClose === undefined ? {} : { adjClose: replaceValues(repaired.adjClose, adjusted) }),
    ...(repaired.dividends === undefined ? {} : { dividends: replaceValues(repaired.dividends, dividends) }),
  };
}

/** Prices of stretches in the shares of the newest rows, and volumes with them. */
function convert(series: PriceSeries, stretches: readonly SplitStretch[]): BarFrame {
  const factors = new Float64Array(series.length).fill(1);
  for (const { from, to, factor } of stretches) {
    for (let at = from; at <= to; at++) factors[at] = (factors[at] ?? 1) * factor;
  }
  return scaleCells(series, ['open', 'high', 'low', 'close', 'adjClose', 'volume'], (name, at) => {
    const factor = factors[at] ?? 1;
    return name === 'volume' ? 1 / factor : factor;
  });
}
