import type { QuoteColumns, TradeColumns } from './columns.ts';
import type { MarketBar, WhatToShow } from './market.ts';

/** What a stretch of a trading day comes to. A closed one is what a daily bar is made of. */
export interface Summary {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  turnover: number;
  count: number;
}

/** Nothing recorded has more decimals; sums are rounded to it, so that a split volume comes back as it was. */
const SMALLEST_PARTS = 1e8;

export type QuotePrice = Exclude<WhatToShow, 'TRADES' | 'ADJUSTED_LAST'>;

/** Rows `from` to `to` (half open) of the trades; undefined: there are none. */
export function summarizeTrades(columns: TradeColumns, from: number, to: number): Summary | undefined {
  if (from >= to) return undefined;
  const open = columns.prices[from] ?? 0;
  const summary = { open, high: open, low: open, close: open, volume: 0, turnover: 0, count: to - from };
  for (let index = from; index < to; index++) {
    const price = columns.prices[index] ?? 0;
    const size = columns.sizes[index] ?? 0;
    if (price > summary.high) summary.high = price;
    if (price < summary.low) summary.low = price;
    summary.volume += size;
    summary.turnover += price * size;
  }
  summary.close = columns.prices[to - 1] ?? 0;
  summary.volume = roundSmall(summary.volume);
  return summary;
}

/**
 * Rows `from` to `to` (half open) of the quotes. BID_ASK is IB's mixture: average bid, highest ask, lowest bid, average ask; all
 * others are open, high, low and close of the one price. Volume and count are -1: nothing was traded.
 */
export function summarizeQuotes(
  columns: QuoteColumns,
  what: QuotePrice,
  from: number,
  to: number,
): Summary | undefined {
  if (from >= to) return undefined;
  if (what === 'BID_ASK') return summarizeBothSides(columns, from, to);
  const open = quotePrice(columns, what, from);
  const summary = { open, high: open, low: open, close: open, volume: -1, turnover: 0, count: -1 };
  for (let index = from + 1; index < to; index++) {
    const price = quotePrice(columns, what, index);
    if (price > summary.high) summary.high = price;
    if (price < summary.low) summary.low = price;
    summary.close = price;
  }
  return summary;
}

function summarizeBothSides(columns: QuoteColumns, from: number, to: number): Summary {
  let [high, low, bids, asks] = [-Infinity, Infinity, 0, 0];
  for (let index = from; index < to; index++) {
    const bid = columns.bids[index] ?? 0;
    const ask = columns.asks[index] ?? 0;
    bids += bid;
    asks += ask;
    if (ask > high) high = ask;
    if (bid < low) low = bid;
  }
  const count = to - from;
  return {
    open: roundPrice(bids / count),
    high,
    low,
    close: roundPrice(asks / count),
    volume: -1,
    turnover: 0,
    count: -1,
  };
}

function quotePrice(columns: QuoteColumns, what: QuotePrice, index: number): number {
  const bid = columns.bids[index] ?? 0;
  const ask = columns.asks[index] ?? 0;
  if (what === 'BID') return bid;
  return what === 'ASK' ? ask : roundSmall((bid + ask) / 2);
}

/** Joins summaries that follow each other; undefined where there are none. */
export function joinSummaries(parts: readonly Summary[]): Summary | undefined {
  const [first, ...rest] = parts;
  if (first === undefined) return undefined;
  const joined = { ...first };
  for (const part of rest) {
    joined.high = Math.max(joined.high, part.high);
    joined.low = Math.min(joined.low, part.low);
    joined.close = part.close;
    if (part.volume < 0) continue;
    joined.volume = roundSmall(joined.volume + part.volume);
    joined.turnover += part.turnover;
    joined.count += part.count;
  }
  return joined;
}

export function toBar(summary: Summary, startMs: number, date?: string): MarketBar {
  const { open, high, low, close, volume, turnover, count } = summary;
  const traded = volume >= 0;
  const wap = volume > 0 ? roundPrice(Math.min(high, Math.max(low, turnover / volume))) : traded ? 0 : -1;
  return { startMs, ...(date === undefined ? {} : { date }), open, high, low, close, volume, wap, count };
}

function roundSmall(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * SMALLEST_PARTS) / SMALLEST_PARTS;
}

/** IB's averages have no more decimals than this. */
function roundPrice(price: number): number {
  return Math.round(price * 1e6) / 1e6;
}
