import type { IndicatorInput } from './input.ts';

/** Volume · ((close − low) − (high − close)) / (high − low); 0 for a bar without a range (M. Chaikin; TA-Lib AD). */
export function moneyFlow({ high, low, close, volume }: IndicatorInput): number {
  const range = high - low;
  return range > 0 ? ((close - low - (high - close)) / range) * volume : 0;
}
