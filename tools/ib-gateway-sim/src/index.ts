export type { Execution, PositionSeed, TradeOrder } from './account/book.ts';
export type { SimClock } from './clock.ts';
export type { Fault, FaultScript } from './faults/fault.ts';
export { parseFaultFile } from './faults/parse.ts';
export { createMarket } from './market/index.ts';
export type {
  Instrument,
  Market,
  MarketBar,
  MarketQuote,
  MarketTrade,
  Session,
  Span,
} from './market/market.ts';
export { IB_LIMITS, LIMIT_SOURCES, type PacingLimits } from './pacing/limits.ts';
export { startIbGatewaySim, type IbGatewaySim, type IbGatewaySimOptions } from './server.ts';
export type { GatewayStats, Violation } from './stats.ts';
