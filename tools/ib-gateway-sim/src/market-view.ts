/** What the market looked like at an instant, from the questions that `Market` answers. */
import { DAY_MS } from './time/bar-sizes.ts';
import { dateText, knownZone } from './time/ib-time.ts';
import type {
  Instrument,
  Market,
  MarketBar,
  MarketQuote,
  MarketTrade,
  Session,
  Span,
} from './market/market.ts';

const MINUTE_MS = 60_000;
/** How far back the last tick is looked for, the nearest first. */
const LOOK_BACK_MS = [2000, MINUTE_MS, 30 * MINUTE_MS, 4 * 60 * MINUTE_MS];
/** Longer than any closure of an exchange. */
const SESSION_WINDOW_MS = 12 * DAY_MS;

function lastOf<T>(items: Iterable<T>): T | undefined {
  let last: T | undefined;
  for (const item of items) last = item;
  return last;
}

export function lastQuote(market: Market, conId: number, nowMs: number): MarketQuote | undefined {
  return searchBack(market, conId, nowMs, (span) => lastOf(market.quotes(conId, span)));
}

export function lastTrade(market: Market, conId: number, nowMs: number): MarketTrade | undefined {
  return searchBack(market, conId, nowMs, (span) => lastOf(market.trades(conId, span)));
}

/** First right before `nowMs`; where nothing trades then, before the end of the last session. */
function searchBack<T>(
  market: Market,
  conId: number,
  nowMs: number,
  find: (span: Span) => T | undefined,
): T | undefined {
  const session = lastSession(market, conId, nowMs);
  const endMs = session === undefined ? nowMs : Math.min(nowMs, session.endMs);
  for (const lookBackMs of LOOK_BACK_MS) {
    const found = find({ fromMs: endMs - lookBackMs, toMs: endMs });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All trading hours, or the regular ones, of the trading days that overlap a span. */
export function sessionsOf(market: Market, conId: number, span: Span, useRth: boolean): readonly Session[] {
  return market.sessions(conId, span).filter(({ regular }) => regular === useRth);
}

/** The trading hours of the latest day that had begun. */
function lastSession(market: Market, conId: number, nowMs: number): Session | undefined {
  return sessionsOf(market, conId, { fromMs: nowMs - SESSION_WINDOW_MS, toMs: nowMs }, false).at(-1);
}

/** The last price at or before an instant: the last trade, else the middle of the last quote, else the last close. */
export function priceAt(market: Market, conId: number, nowMs: number): number | undefined {
  const trade = lastTrade(market, conId, nowMs);
  if (trade !== undefined) return trade.price;
  const quote = lastQuote(market, conId, nowMs);
  if (quote !== undefined) return (quote.bid + quote.ask) / 2;
  return dailyBars(market, conId, nowMs).at(-1)?.close;
}

/** The last few daily bars, the current day's as far as it has come. */
function dailyBars(market: Market, conId: number, nowMs: number): readonly MarketBar[] {
  const span = { fromMs: nowMs - SESSION_WINDOW_MS, toMs: nowMs, barMs: DAY_MS, useRth: false };
  const trades = [...market.bars(conId, { ...span, whatToShow: 'TRADES' })];
  return trades.length > 0 ? trades : [...market.bars(conId, { ...span, whatToShow: 'MIDPOINT' })];
}

export interface Day {
  /** Undefined before the day's first trade. */
  readonly bar: MarketBar | undefined;
  readonly previousClose: number | undefined;
  /** When the next trading day begins; from then on the figures are of another day. */
  readonly endMs: number;
}

/** The trading day at an instant and the close of the one before. */
export function dayAt(market: Market, instrument: Instrument, nowMs: number): Day {
  const bars = dailyBars(market, instrument.conId, nowMs + 1);
  const date = lastSession(market, instrument.conId, nowMs + 1)?.date;
  const last = bars.at(-1);
  const zone = knownZone(instrument.timeZoneId);
  const isToday = last !== undefined && (last.date ?? dateText(last.startMs, zone)) === date;
  const ahead = sessionsOf(
    market,
    instrument.conId,
    { fromMs: nowMs, toMs: nowMs + SESSION_WINDOW_MS },
    false,
  );
  return {
    bar: isToday ? last : undefined,
    previousClose: (isToday ? bars.at(-2) : last)?.close,
    endMs: ahead.find((session) => session.date !== date)?.startMs ?? nowMs + DAY_MS,
  };
}

/** Whether a session is open, regular or extended. */
export function isOpen(market: Market, conId: number, nowMs: number): boolean {
  return market.sessions(conId, { fromMs: nowMs, toMs: nowMs + 1 }).length > 0;
}
