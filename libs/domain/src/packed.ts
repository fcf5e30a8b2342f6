import type { QuoteColumns, TradeColumns } from './events.ts';

/**
 * {@link TradeColumns} in typed arrays: what many rows are read, sent and received as where nobody looks at each. A million times and two columns of
 * numbers are 24 MB, and copied as memory rather than value by value. Columns that are empty have not been asked for, or the source has none.
 */
export interface PackedTrades {
  readonly timeNs: BigInt64Array;
  readonly seq: BigInt64Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
  readonly conditions: readonly string[];
  readonly venue: readonly string[];
}

/** {@link QuoteColumns}, likewise. */
export interface PackedQuotes {
  readonly timeNs: BigInt64Array;
  readonly seq: BigInt64Array;
  readonly bidPrice: Float64Array;
  readonly bidSize: Float64Array;
  readonly askPrice: Float64Array;
  readonly askSize: Float64Array;
}

export function packTrades({ timeNs, seq, price, size, conditions, venue }: TradeColumns): PackedTrades {
  return {
    timeNs: BigInt64Array.from(timeNs),
    seq: BigInt64Array.from(seq),
    price: Float64Array.from(price),
    size: Float64Array.from(size),
    conditions,
    venue,
  };
}

export function unpackTrades({ timeNs, seq, price, size, conditions, venue }: PackedTrades): TradeColumns {
  return {
    timeNs: Array.from(timeNs),
    seq: Array.from(seq),
    price: Array.from(price),
    size: Array.from(size),
    conditions: [...conditions],
    venue: [...venue],
  };
}

export function packQuotes({
  timeNs,
  seq,
  bidPrice,
  bidSize,
  askPrice,
  askSize,
}: QuoteColumns): PackedQuotes {
  return {
    timeNs: BigInt64Array.from(timeNs),
    seq: BigInt64Array.from(seq),
    bidPrice: Float64Array.from(bidPrice),
    bidSize: Float64Array.from(bidSize),
    askPrice: Float64Array.from(askPrice),
    askSize: Float64Array.from(askSize),
  };
}

export function unpackQuotes({
  timeNs,
  seq,
  bidPrice,
  bidSize,
  askPrice,
  askSize,
}: PackedQuotes): QuoteColumns {
  return {
    timeNs: Array.from(timeNs),
    seq: Array.from(seq),
    bidPrice: Array.from(bidPrice),
    bidSize: Array.from(bidSize),
    askPrice: Array.from(askPrice),
    askSize: Array.from(askSize),
  };
}

/** Some rows, sharing their memory. */
export function someTrades(trades: PackedTrades, from: number, to: number): PackedTrades {
  const { timeNs, seq, price, size, conditions, venue } = trades;
  return {
    timeNs: timeNs.subarray(from, to),
    seq: seq.subarray(from, to),
    price: price.subarray(from, to),
    size: size.subarray(from, to),
    conditions: conditions.slice(from, to),
    venue: venue.slice(from, to),
  };
}

/** Some rows, sharing their memory. */
export function someQuotes(quotes: PackedQuotes, from: number, to: number): PackedQuotes {
  const { timeNs, seq, bidPrice, bidSize, askPrice, askSize } = quotes;
  return {
    timeNs: timeNs.subarray(from, to),
    seq: seq.subarray(from, to),
    bidPrice: bidPrice.subarray(from, to),
    bidSize: bidSize.subarray(from, to),
    askPrice: askPrice.subarray(from, to),
    askSize: askSize.subarray(from, to),
  };
}
