import type { BarFrame } from './bar-frame.ts';

/** Columns that hold prices and are scaled together when a unit or a split is wrong. */
type PriceColumn = 'open' | 'high' | 'low' | 'close' | 'adjClose';
export type ValueColumn = PriceColumn | 'volume' | 'dividends' | 'capitalGains' | 'splits';

export const VALUE_COLUMNS: readonly ValueColumn[] = [
  'open',
  'high',
  'low',
  'close',
  'adjClose',
  'volume',
  'dividends',
  'capitalGains',
  'splits',
];

/** The value at an index; NaN where there is none. */
export function valueAt(column: Float64Array | undefined, index: number): number {
  return column?.[index] ?? NaN;
}

/** Open, high, low and close of a row; of a frame without them, close. */
export function pricesAt(frame: BarFrame, index: number): readonly [number, number, number, number] {
  const close = valueAt(frame.close, index);
  return [
    frame.open === undefined ? close : valueAt(frame.open, index),
    frame.high === undefined ? close : valueAt(frame.high, index),
    frame.low === undefined ? close : valueAt(frame.low, index),
    close,
  ];
}

/** The same frame with its rows at `order`. */
export function takeRows(frame: BarFrame, order: readonly number[]): BarFrame {
  const take = (column: Float64Array | undefined): Float64Array | undefined =>
    column === undefined ? undefined : Float64Array.from(order, (index) => column[index] ?? NaN);
  return {
    symbol: frame.symbol,
    timeNs: BigInt64Array.from(order, (index) => frame.timeNs[index] ?? 0n),
    close: Float64Array.from(order, (index) => valueAt(frame.close, index)),
    open: take(frame.open),
    high: take(frame.high),
    low: take(frame.low),
    adjClose: take(frame.adjClose),
    volume: take(frame.volume),
    dividends: take(frame.dividends),
    capitalGains: take(frame.capitalGains),
    splits: take(frame.splits),
  };
}
