import type { BarFrame } from './bar-frame.ts';
import type { Sink } from './frame-rule.ts';
import { findAdjustmentErrors } from './rules/adjustment.ts';
import { findBadShapes } from './rules/bar-shape.ts';
import { findMissing } from './rules/missing.ts';
import { findBadTicks } from './rules/spike.ts';
import { findSplitErrors } from './rules/split.ts';
import { findUnitErrors } from './rules/unit.ts';
import { scaleRows } from './scale.ts';
import { PriceSeries } from './series.ts';

/** Runs every rule over a frame in time order without repeats. Each sees the prices as those before it would have them. */
export function examine(frame: BarFrame, sink: Sink): void {
  const raw = { series: new PriceSeries(frame) };
  findMissing(raw, sink);
  findBadShapes(raw, sink);
  const units = findUnitErrors(raw, sink);
  const inUnit = new PriceSeries(scaleRows(raw.series, units));
  const splits = findSplitErrors({ series: inUnit }, sink);
  const factors = new Float64Array(inUnit.length).fill(1);
  for (const { from, to, factor } of splits) {
    for (let at = from; at <= to; at++) factors[at] = (factors[at] ?? 1) * factor;
  }
  const inShares = new PriceSeries(scaleRows(inUnit, factors));
  const isExplained = (at: number): boolean => units[at] !== 1;
  findBadTicks({ series: inShares }, isExplained, sink);
  findAdjustmentErrors({ series: inShares }, sink);
}
