import { readSource, type IndicatorInput, type PriceSource } from './input.ts';
import type { StagePlan } from './plan.ts';
import type { Rows } from './rows.ts';
import { utcDayOf } from './utc-day.ts';

const number = (): Float64Array => new Float64Array(1);

/**
 * The row of the input that is being taken: one for all indicators of a thread, which take one at a time. Of its own each would need more memory
 * for it than for all that it remembers.
 */
export const LIVE = {
  count: 1,
  price: number(),
  other: number(),
  open: number(),
  high: number(),
  low: number(),
  close: number(),
  volume: number(),
  day: number(),
} satisfies Rows;

export function fillLive(input: IndicatorInput, source: PriceSource | null): void {
  LIVE.open[0] = input.open;
  LIVE.high[0] = input.high;
  LIVE.low[0] = input.low;
  LIVE.close[0] = input.close;
  LIVE.volume[0] = input.volume;
  if (source !== null) LIVE.price[0] = readSource(input, source);
}

/** What one stage reads beside the bar and its price. */
export function fillStage(input: IndicatorInput, { other, day }: StagePlan): void {
  if (other !== null) LIVE.other[0] = readSource(input, other);
  if (day === 'utc-day') LIVE.day[0] = utcDayOf(input.startNs);
  else if (day === 'session') LIVE.day[0] = input.sessionDate ?? NaN;
}
