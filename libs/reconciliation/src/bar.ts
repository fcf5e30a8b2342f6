import type { PriceBasis } from '@tickwell/domain';

/** What a source says of one bar; NaN: it does not say (`volume`, `vwap`, `tradeCount`). */
export interface BarValues {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly vwap: number;
  readonly tradeCount: number;
}

/** The version of a bar that is in force at one source. */
export interface SourceBar extends BarValues {
  readonly source: string;
  /** ns since the epoch. */
  readonly knownAtNs: bigint;
  readonly priceBasis: PriceBasis;
  /** The source has said something else before. */
  readonly revised: boolean;
}

export const PRICE_FIELDS = ['open', 'high', 'low', 'close'] as const;
export type PriceField = (typeof PRICE_FIELDS)[number];
/** What is compared; average price and number of trades are carried along. */
export type ComparedField = PriceField | 'volume';

/** Whether two say the same of a bar, bit for bit. */
export function sameValues(a: BarValues, b: BarValues): boolean {
  return (
    Object.is(a.open, b.open) &&
    Object.is(a.high, b.high) &&
    Object.is(a.low, b.low) &&
    Object.is(a.close, b.close) &&
    Object.is(a.volume, b.volume) &&
    Object.is(a.vwap, b.vwap) &&
    Object.is(a.tradeCount, b.tradeCount)
  );
}

export function numbersOf(bar: BarValues): readonly number[] {
  const { open, high, low, close, volume, vwap, tradeCount } = bar;
  return [open, high, low, close, volume, vwap, tradeCount];
}
