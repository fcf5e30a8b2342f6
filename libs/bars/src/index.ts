export { toBarColumns } from './bar.ts';
export type { Bar, ClosedBars, TooLate } from './bar.ts';
export type { BarLimits } from './interval-bars.ts';
export { BarRollup } from './rollup.ts';
export type { RollupOutcome } from './rollup.ts';
export { DEFAULT_BAR_LIMITS, TradeBars } from './trade-bars.ts';
export type { TradeBarsOutcome, TradesInput } from './trade-bars.ts';
