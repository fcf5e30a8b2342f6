/**
 * What an indicator is fed: one bar, or one tick written as a bar (open = high = low = close = price, volume = size).
 * Prices and volume are doubles, `startNs` is nanoseconds since the epoch, `vwap` is the bar's own volume-weighted price.
 * `sessionDate` (yyyymmdd) is the trading session that it belongs to (`barSessionDate` of libs/calendar): indicators whose specification says
 * `needsSession` throw without it, the others do not look at it.
 * Inputs come in time order, each once; that, and low ≤ open/close ≤ high, is validated upstream.
 */
export interface IndicatorInput {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly startNs: bigint;
  readonly vwap?: number;
  readonly sessionDate?: number;
}

/** Whether it can be a date as yyyymmdd: an integer of eight digits. */
export function isSessionDate(date: number | undefined): boolean {
  return date !== undefined && Number.isInteger(date) && date >= 10_000_101 && date <= 99_991_231;
}

/** The number of an input that a one-series indicator follows. */
export type PriceSource = (typeof PRICE_SOURCES)[number];

export const PRICE_SOURCES = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'hl2',
  'hlc3',
  'ohlc4',
  'vwap',
] as const;

/** Typical price: (high + low + close) / 3, TA-Lib's TYPPRICE. */
function hlc3(input: IndicatorInput): number {
  return (input.high + input.low + input.close) / 3;
}

/**
 * The source's number, e.g. `hl2` = (high + low) / 2. `vwap` is the bar's own volume-weighted price where it carries one
 * and its typical price where it does not (a bar without trades has none, and some sources never deliver it).
 */
export function readSource(input: IndicatorInput, source: PriceSource): number {
  switch (source) {
    case 'open':
      return input.open;
    case 'high':
      return input.high;
    case 'low':
      return input.low;
    case 'close':
      return input.close;
    case 'volume':
      return input.volume;
    case 'hl2':
      return (input.high + input.low) / 2;
    case 'hlc3':
      return hlc3(input);
    case 'ohlc4':
      return (input.open + input.high + input.low + input.close) / 4;
    case 'vwap':
      return input.vwap ?? hlc3(input);
  }
}
