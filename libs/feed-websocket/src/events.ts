import type { Series } from './definition.ts';

interface EventBase {
  /** As the feed calls it. */
  readonly ticker: string;
  /** ns since the epoch; of a bar its start. */
  readonly timeNs: bigint;
  /** The feed's own number, which with the time is its identity; undefined: it has none. */
  readonly seq: bigint | undefined;
}

export interface TradeEvent extends EventBase {
  readonly series: 'trades';
  readonly price: number;
  readonly size: number;
  readonly conditions: string;
  readonly venue: string;
}

/** NaN marks a side without a quote. */
export interface QuoteEvent extends EventBase {
  readonly series: 'quotes';
  readonly bidPrice: number;
  readonly bidSize: number;
  readonly askPrice: number;
  readonly askSize: number;
}

/** NaN and undefined: the feed does not say. */
export interface BarEvent extends EventBase {
  readonly series: 'bars';
  readonly interval: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | undefined;
  readonly vwap: number | undefined;
  readonly tradeCount: number | undefined;
}

export type MarketEvent = TradeEvent | QuoteEvent | BarEvent;

export function intervalOf(event: MarketEvent): string {
  return event.series === 'bars' ? event.interval : '';
}

/** Names a series of an instrument within a session. */
export function seriesKey(symbol: string, series: Series, interval: string): string {
  return `${symbol} ${series} ${interval}`;
}
