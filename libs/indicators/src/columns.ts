import { readSource, type IndicatorInput, type PriceSource } from './input.ts';
import type { DaySource } from './plan.ts';
import { at } from './rows.ts';
import { utcDayOf } from './utc-day.ts';

const NONE = new Float64Array(0);

/** Inputs as columns of one length; one that no indicator reads may be empty. All numbers that are read can be used. */
export interface Columns {
  readonly count: number;
  readonly startNs: BigInt64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** NaN where a bar carries none. */
  readonly vwap: Float64Array;
  readonly sessionDate: Float64Array;
}

export function toColumns(inputs: readonly IndicatorInput[]): Columns {
  const of = (number: (input: IndicatorInput) => number): Float64Array => Float64Array.from(inputs, number);
  return {
    count: inputs.length,
    startNs: BigInt64Array.from(inputs, ({ startNs }) => startNs),
    open: of(({ open }) => open),
    high: of(({ high }) => high),
    low: of(({ low }) => low),
    close: of(({ close }) => close),
    volume: of(({ volume }) => volume),
    vwap: of(({ vwap }) => vwap ?? NaN),
    sessionDate: of(({ sessionDate }) => sessionDate ?? NaN),
  };
}

/** The numbers of a source; those that a bar holds as they are, not a copy. */
export function sourceColumn(columns: Columns, source: PriceSource | null): Float64Array {
  switch (source) {
    case null:
      return NONE;
    case 'open':
    case 'high':
    case 'low':
    case 'close':
    case 'volume':
      return columns[source];
    default:
      return derivedColumn(columns, source);
  }
}

function derivedColumn(columns: Columns, source: PriceSource): Float64Array {
  const values = new Float64Array(columns.count);
  const bar = { open: 0, high: 0, low: 0, close: 0, volume: 0, startNs: 0n };
  for (let row = 0; row < values.length; row += 1) {
    bar.open = at(columns.open, row);
    bar.high = at(columns.high, row);
    bar.low = at(columns.low, row);
    bar.close = at(columns.close, row);
    const vwap = at(columns.vwap, row);
    values[row] = source === 'vwap' && !Number.isNaN(vwap) ? vwap : readSource(bar, source);
  }
  return values;
}

/** What tells one day from the next. */
export function dayColumn({ startNs, sessionDate }: Columns, day: DaySource): Float64Array {
  if (day === null) return NONE;
  return day === 'session' ? sessionDate : Float64Array.from(startNs, utcDayOf);
}
