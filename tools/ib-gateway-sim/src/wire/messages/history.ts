/** Simulator → client: history (reference §6.3). */
import type { MarketBar, MarketQuote, MarketTrade } from '../../market/market.ts';
import type { Field, Message } from '../frame.ts';
import { sizeFor } from '../versions.ts';

/** A bar with its time as it goes over the wire. */
export interface WireBar extends Omit<MarketBar, 'startMs'> {
  readonly time: string;
}

export function historicalData(
  version: number,
  reqId: number,
  range: { readonly start: string; readonly end: string },
  bars: readonly WireBar[],
): Message {
  const fields: Field[] = [17, reqId, range.start, range.end, bars.length];
  for (const { time, open, high, low, close, volume, wap, count } of bars)
    fields.push(time, open, high, low, close, sizeFor(version, volume), wap, count);
  return fields;
}

/** Close stands before high here, and the average before the volume. */
export function historicalDataUpdate(version: number, reqId: number, bar: WireBar): Message {
  const { time, open, high, low, close, volume, wap, count } = bar;
  return [90, reqId, count, time, open, close, high, low, wap, sizeFor(version, volume)];
}

export interface WireSession {
  readonly start: string;
  readonly end: string;
  readonly refDate: string;
}

export function historicalSchedule(
  reqId: number,
  range: { readonly start: string; readonly end: string; readonly timeZone: string },
  sessions: readonly WireSession[],
): Message {
  const fields: Field[] = [106, reqId, range.start, range.end, range.timeZone, sessions.length];
  for (const { start, end, refDate } of sessions) fields.push(start, end, refDate);
  return fields;
}

export const headTimestamp = (reqId: number, text: string): Message => [88, reqId, text];

const seconds = (timeMs: number): number => Math.floor(timeMs / 1000);

export function historicalMidpoints(reqId: number, quotes: readonly MarketQuote[]): Message {
  const fields: Field[] = [96, reqId, quotes.length];
  for (const { timeMs, bid, ask } of quotes) fields.push(seconds(timeMs), 0, midpoint(bid, ask), 0);
  fields.push(1);
  return fields;
}

export function historicalQuotes(version: number, reqId: number, quotes: readonly MarketQuote[]): Message {
  const fields: Field[] = [97, reqId, quotes.length];
  for (const { timeMs, bid, ask, bidSize, askSize } of quotes)
    fields.push(seconds(timeMs), 0, bid, ask, sizeFor(version, bidSize), sizeFor(version, askSize));
  fields.push(1);
  return fields;
}

export function historicalTrades(version: number, reqId: number, trades: readonly MarketTrade[]): Message {
  const fields: Field[] = [98, reqId, trades.length];
  for (const { timeMs, price, size, exchange, conditions } of trades)
    fields.push(seconds(timeMs), 0, price, sizeFor(version, size), exchange, conditions);
  fields.push(1);
  return fields;
}

/** Without the binary noise of the sum: 0.1 + 0.2 is not what an exchange quotes. */
export function midpoint(bid: number, ask: number): number {
  return Number(((bid + ask) / 2).toPrecision(12));
}
