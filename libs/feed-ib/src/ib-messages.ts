/** What the Gateway says, as far as it is used, free of the client library that decodes it. */

/** A contract as requests name it; what is unknown is left out. */
export interface IbContract {
  readonly conId?: number;
  readonly symbol?: string;
  readonly secType?: string;
  readonly lastTradeDateOrContractMonth?: string;
  readonly strike?: number;
  readonly right?: 'C' | 'P';
  readonly multiplier?: number;
  readonly exchange?: string;
  readonly primaryExchange?: string;
  readonly currency?: string;
  readonly localSymbol?: string;
  readonly tradingClass?: string;
  readonly includeExpired?: boolean;
}

export interface IbContractDetails {
  readonly contract: IbContract;
  readonly longName: string;
  readonly minTick: number;
  readonly timeZoneId: string;
  readonly tradingHours: string;
  readonly liquidHours: string;
  readonly contractMonth: string;
}

/** `time` in seconds since the epoch (a daily bar: midnight UTC of its date). -1 means that IB does not know volume, wap or count. */
export interface IbBar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly wap: number;
  readonly count: number;
}

export interface IbTrade {
  readonly time: number;
  readonly price: number;
  readonly size: number;
  readonly exchange: string;
  readonly conditions: string;
  /** Odd lots, derived and average prices: in AllLast, not in Last. */
  readonly unreported: boolean;
}

export interface IbQuote {
  readonly time: number;
  readonly bidPrice: number;
  readonly askPrice: number;
  readonly bidSize: number;
  readonly askSize: number;
}

export interface IbExecution {
  readonly executionId: string;
  readonly orderId: number;
  readonly account: string;
  /** As IB writes it. */
  readonly time: string;
  readonly isBuy: boolean;
  readonly shares: number;
  readonly price: number;
  readonly contract: IbContract;
}

export type IbMessage =
  | { readonly kind: 'error'; readonly reqId: number; readonly code: number; readonly text: string }
  | { readonly kind: 'contract'; readonly reqId: number; readonly details: IbContractDetails }
  | { readonly kind: 'contractsEnd'; readonly reqId: number }
  | { readonly kind: 'bars'; readonly reqId: number; readonly bars: readonly IbBar[] }
  | { readonly kind: 'headTimestamp'; readonly reqId: number; readonly text: string }
  | { readonly kind: 'historyTrades'; readonly reqId: number; readonly trades: readonly IbTrade[] }
  | { readonly kind: 'historyQuotes'; readonly reqId: number; readonly quotes: readonly IbQuote[] }
  | { readonly kind: 'trade'; readonly reqId: number; readonly trade: IbTrade }
  | { readonly kind: 'quote'; readonly reqId: number; readonly quote: IbQuote }
  | { readonly kind: 'liveBar'; readonly reqId: number; readonly bar: IbBar }
  | { readonly kind: 'tickPrice'; readonly reqId: number; readonly field: number; readonly value: number }
  | { readonly kind: 'tickSize'; readonly reqId: number; readonly field: number; readonly value: number }
  | { readonly kind: 'marketDataType'; readonly reqId: number; readonly type: number }
  | { readonly kind: 'fundamentals'; readonly reqId: number; readonly xml: string }
  | {
      readonly kind: 'pnl';
      readonly reqId: number;
      readonly daily: number | undefined;
      readonly unrealized: number | undefined;
      readonly realized: number | undefined;
    }
  | { readonly kind: 'executionsEnd'; readonly reqId: number };

/** What belongs to no request. */
export type IbBroadcast =
  | { readonly kind: 'ready'; readonly serverVersion: number; readonly accounts: readonly string[] }
  | { readonly kind: 'notice'; readonly code: number; readonly text: string }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'currentTime'; readonly seconds: number }
  /** A message that could not be read; `mayBeData`: a tick or a bar, for all that is known of it. */
  | { readonly kind: 'undecodable'; readonly reason: string; readonly mayBeData: boolean }
  | {
      readonly kind: 'position';
      readonly account: string;
      readonly contract: IbContract;
      readonly quantity: number;
      readonly averageCost: number;
    }
  | { readonly kind: 'positionsEnd' }
  | {
      readonly kind: 'accountValue';
      readonly account: string;
      readonly key: string;
      readonly value: string;
      readonly currency: string;
    }
  | {
      readonly kind: 'portfolioValue';
      readonly account: string;
      readonly contract: IbContract;
      readonly quantity: number;
      readonly averageCost: number;
      readonly marketPrice: number;
      readonly marketValue: number;
    }
  /** As it happens, or in answer to a request. */
  | { readonly kind: 'execution'; readonly execution: IbExecution }
  | {
      readonly kind: 'commission';
      readonly executionId: string;
      readonly commission: number;
      readonly currency: string;
    };
