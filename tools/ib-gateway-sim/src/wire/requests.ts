/** What a client may ask, decoded. Empty fields are "" or 0, whatever the client's way of leaving them out. */

export interface ContractQuery {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: string;
  /** yyyyMMdd, yyyyMM or "". */
  readonly lastTradeDate: string;
  readonly strike: number;
  readonly right: string;
  readonly multiplier: string;
  readonly exchange: string;
  readonly primaryExchange: string;
  readonly currency: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
}

interface WithId {
  readonly reqId: number;
}
interface WithContract extends WithId {
  readonly contract: ContractQuery;
}

export interface ContractDetailsRequest extends WithContract {
  readonly kind: 'contractDetails';
  readonly includeExpired: boolean;
  readonly secIdType: string;
  readonly secId: string;
}
export interface MarketDataRequest extends WithContract {
  readonly kind: 'marketData';
  readonly genericTicks: readonly string[];
  readonly snapshot: boolean;
}
export interface HistoricalDataRequest extends WithContract {
  readonly kind: 'historicalData';
  readonly includeExpired: boolean;
  readonly endDateTime: string;
  readonly barSize: string;
  readonly duration: string;
  readonly useRth: boolean;
  readonly whatToShow: string;
  readonly formatDate: number;
  readonly keepUpToDate: boolean;
}
export interface HeadTimestampRequest extends WithContract {
  readonly kind: 'headTimestamp';
  readonly useRth: boolean;
  readonly whatToShow: string;
  readonly formatDate: number;
}
export interface HistoricalTicksRequest extends WithContract {
  readonly kind: 'historicalTicks';
  readonly startDateTime: string;
  readonly endDateTime: string;
  readonly numberOfTicks: number;
  readonly whatToShow: string;
  readonly useRth: boolean;
  readonly ignoreSize: boolean;
}
export interface RealTimeBarsRequest extends WithContract {
  readonly kind: 'realTimeBars';
  readonly barSize: number;
  readonly whatToShow: string;
  readonly useRth: boolean;
}
export interface TickByTickRequest extends WithContract {
  readonly kind: 'tickByTick';
  readonly tickType: string;
  readonly numberOfTicks: number;
  readonly ignoreSize: boolean;
}
export interface FundamentalDataRequest extends WithContract {
  readonly kind: 'fundamentalData';
  readonly reportType: string;
}
export interface ExecutionsRequest extends WithId {
  readonly kind: 'executions';
  readonly clientId: number;
  readonly account: string;
  readonly time: string;
  readonly symbol: string;
  readonly secType: string;
  readonly exchange: string;
  readonly side: string;
}

export type CancelKind =
  | 'cancelMarketData'
  | 'cancelHistoricalData'
  | 'cancelRealTimeBars'
  | 'cancelFundamentalData'
  | 'cancelAccountSummary'
  | 'cancelAccountUpdatesMulti'
  | 'cancelPositionsMulti'
  | 'cancelHeadTimestamp'
  | 'cancelPnl'
  | 'cancelPnlSingle'
  | 'cancelTickByTick';

/** Requests without a field that the simulator looks at. */
type BareKind =
  | 'openOrders'
  | 'setLogLevel'
  | 'autoOpenOrders'
  | 'allOpenOrders'
  | 'managedAccounts'
  | 'ids'
  | 'currentTime'
  | 'positions'
  | 'cancelPositions'
  | 'completedOrders';

interface MultiRequest<K extends string> extends WithId {
  readonly kind: K;
  readonly account: string;
  readonly model: string;
}

export type Request =
  | ContractDetailsRequest
  | MarketDataRequest
  | HistoricalDataRequest
  | HeadTimestampRequest
  | HistoricalTicksRequest
  | RealTimeBarsRequest
  | TickByTickRequest
  | FundamentalDataRequest
  | ExecutionsRequest
  | { readonly kind: 'startApi'; readonly clientId: number }
  | { readonly kind: 'accountUpdates'; readonly subscribe: boolean; readonly account: string }
  | { readonly kind: 'marketDataType'; readonly type: number }
  | { readonly kind: 'accountSummary'; readonly reqId: number; readonly group: string; readonly tags: string }
  | MultiRequest<'accountUpdatesMulti'>
  | MultiRequest<'positionsMulti'>
  | { readonly kind: 'matchingSymbols'; readonly reqId: number; readonly pattern: string }
  | { readonly kind: 'pnl'; readonly reqId: number; readonly account: string; readonly model: string }
  | {
      readonly kind: 'pnlSingle';
      readonly reqId: number;
      readonly account: string;
      readonly model: string;
      readonly conId: number;
    }
  | { readonly kind: 'userInfo'; readonly reqId: number }
  | { readonly kind: 'marketRule'; readonly ruleId: number }
  | { [K in CancelKind]: { readonly kind: K; readonly reqId: number } }[CancelKind]
  | { [K in BareKind]: { readonly kind: K } }[BareKind];

export type RequestKind = Request['kind'];
/** The request of a kind, or of one of several. */
export type RequestOf<K extends RequestKind> = Extract<Request, { readonly kind: K }>;
