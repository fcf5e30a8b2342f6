import type { BarColumns } from '@tickwell/domain';
import type { IndicatorInput } from './input.ts';

/** Larger numbers are no prices or volumes; indicators take averages of bars' numbers up to 1e100. */
const MAX_MAGNITUDE = 1e99;

/** A bar as indicators take it, live and from history alike: without volume it counts as volume 0, a `vwap` that is missing is left out. */
export function barInput(bars: BarColumns, index: number): IndicatorInput {
  const volume = bars.volume[index] ?? NaN;
  const vwap = bars.vwap[index] ?? NaN;
  const input = {
    startNs: bars.startNs[index] ?? 0n,
    open: bars.open[index] ?? NaN,
    high: bars.high[index] ?? NaN,
    low: bars.low[index] ?? NaN,
    close: bars.close[index] ?? NaN,
    volume: Number.isNaN(volume) ? 0 : volume,
  };
  return Number.isNaN(vwap) ? input : { ...input, vwap };
}

/** Whether all of its numbers are ones that indicators take. A bar with others has no values, and none after it count it. */
export function isUsableInput({ open, high, low, close, volume, vwap = 0 }: IndicatorInput): boolean {
  return (
    volume >= 0 && [open, high, low, close, volume, vwap].every((value) => Math.abs(value) <= MAX_MAGNITUDE)
  );
}
