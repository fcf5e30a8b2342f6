/** Simulator → client: live data (reference §6.4). */
import type { MarketBar, MarketQuote, MarketTrade } from '../../market/market.ts';
import type { Message } from '../frame.ts';
import { sizeFor } from '../versions.ts';
import { midpoint } from './history.ts';

/** Numbers of IB's tick types page; the second column is the delayed twin. */
export const TICK = {
  bidSize: 0,
  bid: 1,
  ask: 2,
  askSize: 3,
  last: 4,
  lastSize: 5,
  high: 6,
  low: 7,
  volume: 8,
  close: 9,
  open: 14,
  lastTimestamp: 45,
  rtVolume: 48,
  halted: 49,
} as const;

export const DELAYED_TICK: Readonly<Record<number, number>> = {
  [TICK.bid]: 66,
  [TICK.ask]: 67,
  [TICK.last]: 68,
  [TICK.bidSize]: 69,
  [TICK.askSize]: 70,
  [TICK.lastSize]: 71,
  [TICK.high]: 72,
  [TICK.low]: 73,
  [TICK.volume]: 74,
  [TICK.close]: 75,
  [TICK.open]: 76,
  [TICK.lastTimestamp]: 88,
};

export const realTimeBar = (version: number, reqId: number, bar: MarketBar): Message => [
  50,
  3,
  reqId,
  Math.floor(bar.startMs / 1000),
  bar.open,
  bar.high,
  bar.low,
  bar.close,
  sizeFor(version, bar.volume),
  bar.wap,
  bar.count,
];

export const tickReqParams = (reqId: number, minTick: number, bboExchange: string): Message => [
  81,
  reqId,
  minTick,
  bboExchange,
  3,
];
export const marketDataType = (reqId: number, type: number): Message => [58, 1, reqId, type];

/** `attributes`: bit 0 canAutoExecute. */
export const tickPrice = (
  version: number,
  reqId: number,
  tick: {
    readonly type: number;
    readonly price: number;
    readonly size: number;
    readonly attributes: number;
  },
): Message => [1, 6, reqId, tick.type, tick.price, sizeFor(version, tick.size), tick.attributes];

export const tickSize = (version: number, reqId: number, type: number, size: number): Message => [
  2,
  6,
  reqId,
  type,
  sizeFor(version, size),
];
export const tickGeneric = (reqId: number, type: number, value: number): Message => [
  45,
  6,
  reqId,
  type,
  value,
];
export const tickString = (reqId: number, type: number, text: string): Message => [46, 6, reqId, type, text];
export const tickSnapshotEnd = (reqId: number): Message => [57, 1, reqId];

/** `type` 1: Last, 2: AllLast. */
export const tickByTickTrade = (version: number, reqId: number, type: 1 | 2, trade: MarketTrade): Message => [
  99,
  reqId,
  type,
  Math.floor(trade.timeMs / 1000),
  trade.price,
  sizeFor(version, trade.size),
  0,
  trade.exchange,
  trade.conditions,
];

export const tickByTickQuote = (version: number, reqId: number, quote: MarketQuote): Message => [
  99,
  reqId,
  3,
  Math.floor(quote.timeMs / 1000),
  quote.bid,
  quote.ask,
  sizeFor(version, quote.bidSize),
  sizeFor(version, quote.askSize),
  0,
];

export const tickByTickMidpoint = (reqId: number, quote: MarketQuote): Message => [
  99,
  reqId,
  4,
  Math.floor(quote.timeMs / 1000),
  midpoint(quote.bid, quote.ask),
];
