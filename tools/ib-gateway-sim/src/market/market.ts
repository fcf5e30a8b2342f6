/** What the simulated exchanges know. Times are milliseconds since the epoch of the simulated clock, prices in the instrument's currency. */

type SecType = 'STK' | 'CASH' | 'FUT' | 'IND' | 'CRYPTO';
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
  /** Of bars of a day and more: the start of the first session in them, not midnight. */
  readonly startMs: number;
  /**
   * yyyyMMdd of the session, of the last one in a week or month; bars of a day and more only. A future's Monday begins on Sunday
   * evening.
   */
  readonly date?: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Average price weighted by size; 0 where nothing has a size (an index). */
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
  /** false: all trading hours of the day; true: the regular hours in them. Every trading day has one of each. */
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
  /** Sessions that overlap the span: per trading day its trading hours, then its regular hours. Days are in order. */
  sessions(conId: number, span: Span): readonly Session[];
  trades(conId: number, span: Span): Iterable<MarketTrade>;
  quotes(conId: number, span: Span): Iterable<MarketQuote>;
  /**
   * Bars of `barMs` (a whole number of seconds; days and more are session days in the exchange's zone), without empty ones: every
   * bar whose start lies in the span, built from what happened before `toMs` alone (so the last one may still be forming). The
   * start of a bar of a day or more is midnight in `timeZoneId` of its (first) trading date, and it belongs to the span if one of its
   * sessions starts before `toMs` and ends after `fromMs`.
   */
  bars(
    conId: number,
    options: Span & { readonly barMs: number; readonly whatToShow: WhatToShow; readonly useRth: boolean },
  ): Iterable<MarketBar>;
  /** The earliest data; undefined: there is none of the kind. */
  headMs(conId: number, whatToShow: WhatToShow): number | undefined;
  /** XML of a report type (ReportSnapshot, ReportsFinSummary, ReportsFinStatements …); undefined: none. */
  fundamentals(conId: number, reportType: string): string | undefined;
}
