/** What the simulated exchanges know. Times are milliseconds since the epoch of the simulated clock, prices in the instrument's currency. */

export type SecType = 'STK' | 'CASH' | 'FUT' | 'IND' | 'CRYPTO';
export type WhatToShow = 'TRADES' | 'MIDPOINT' | 'BID' | 'ASK' | 'BID_ASK' | 'ADJUSTED_LAST';

/** One row of contract details, without what is the same for all instruments. */
export interface Instrument {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: SecType;
  /** yyyyMMdd of a future; "" otherwise. */
  readonly lastTradeDate: string;
  readonly multiplier: string;
  /** Where orders go: SMART, IDEALPRO, CME, PAXOS … */
  readonly exchange: string;
  readonly primaryExchange: string;
  readonly currency: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
  readonly marketName: string;
  readonly minTick: number;
  readonly longName: string;
  /** IANA-like, as IB writes it: US/Eastern, US/Central. */
  readonly timeZoneId: string;
  /** ISIN where known; "" otherwise. */
  readonly isin: string;
}

export interface MarketBar {
  readonly startMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly wap: number;
  readonly count: number;
}

export interface MarketTrade {
  readonly timeMs: number;
  readonly price: number;
  readonly size: number;
  readonly exchange: string;
  readonly conditions: string;
}

export interface MarketQuote {
  readonly timeMs: number;
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
}

export interface Session {
  readonly startMs: number;
  readonly endMs: number;
  /** yyyyMMdd: the trading day it belongs to. */
  readonly date: string;
  /** Within regular trading hours only. */
  readonly regular: boolean;
}

/** Half-open: fromMs <= t < toMs. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Prices and contracts of every simulated instrument. The same question has the same answer at any time: what a live subscription
 * delivered tick by tick is what history answers afterwards.
 */
export interface Market {
  readonly instruments: readonly Instrument[];
  /** Regular and extended sessions that overlap the span, in order. */
  sessions(conId: number, span: Span): readonly Session[];
  trades(conId: number, span: Span): Iterable<MarketTrade>;
  quotes(conId: number, span: Span): Iterable<MarketQuote>;
  /** Bars of `barMs` (a whole number of seconds; days and more are session days in the exchange's zone), without empty ones. */
  bars(
    conId: number,
    options: Span & { readonly barMs: number; readonly whatToShow: WhatToShow; readonly useRth: boolean },
  ): Iterable<MarketBar>;
  /** The earliest data; undefined: there is none of the kind. */
  headMs(conId: number, whatToShow: WhatToShow): number | undefined;
  /** XML of a report type (ReportSnapshot, ReportsFinSummary, ReportsFinStatements …); undefined: none. */
  fundamentals(conId: number, reportType: string): string | undefined;
}
