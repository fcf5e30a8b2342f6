import { joinSummaries, summarizeQuotes, summarizeTrades, toBar, type Summary } from './aggregate.ts';
import { ByteCache } from './byte-cache.ts';
import { dateText, weekOf } from './calendar-rules.ts';
import type { TradingDay } from './calendar.ts';
import { byteLengthOf, EXCHANGES, lowerBound, type DayEvents } from './columns.ts';
import type { Listing } from './listing.ts';
import type { Market, MarketBar, MarketQuote, MarketTrade, Session, Span, WhatToShow } from './market.ts';
import { replayedDay } from './recording.ts';

type BarOptions = Parameters<Market['bars']>[1];

const MS_PER_DAY = 86_400_000;
const DAYS_A_WEEK = 7;
/** From this length on a bar is a calendar month. */
const MONTH_MS = 28 * MS_PER_DAY;
/** Days of events in memory; the largest recorded one is some 10 MB. */
const CACHED_EVENT_BYTES = 48 * 1024 * 1024;
/** Whole days, already summed up for daily bars: some 200 bytes each. */
const MAX_SUMMARIES = 4096;

/** A trading day of an instrument together with what it replays. */
interface ReplayedSession {
  readonly session: TradingDay;
  /** Reads the day where it is not in memory. */
  readonly events: () => DayEvents;
  /** Key of the recorded day. */
  readonly key: string;
}

export function createReplayedMarket(
  listings: readonly Listing[],
  fundamentals: (symbol: string, reportType: string) => string | undefined,
): Market {
  const byConId = new Map(listings.map((listing) => [listing.instrument.conId, listing]));
  const reader = new SessionReader();
  const find = (conId: number): Listing => {
    const listing = byConId.get(conId);
    if (listing === undefined) throw new RangeError(`conId ${conId} is none of the market's instruments`);
    return listing;
  };
  return {
    instruments: listings.map(({ instrument }) => instrument),
    sessions: (conId, span) => sessionsOf(find(conId), span),
    trades: (conId, span) => tradesOf(reader, find(conId), span),
    quotes: (conId, span) => quotesOf(reader, find(conId), span),
    bars: (conId, options) =>
      options.barMs < MS_PER_DAY
        ? intradayBars(reader, find(conId), options)
        : sessionBars(reader, find(conId), options),
    headMs: (conId, whatToShow) => headOf(find(conId), whatToShow),
    fundamentals: (conId, reportType) => {
      const { instrument } = find(conId);
      return instrument.secType === 'STK' ? fundamentals(instrument.symbol, reportType) : undefined;
    },
  };
}

/** Reads recorded days and keeps what was used last, within bounds. */
class SessionReader {
  #events = new ByteCache<DayEvents>(CACHED_EVENT_BYTES, byteLengthOf);
  #summaries = new ByteCache<Summary | undefined>(MAX_SUMMARIES, () => 1);

  /** Sessions of the instrument that overlap the span, in order, of days that have data. */
  *sessions(listing: Listing, span: Span): Generator<ReplayedSession> {
    for (const session of tradingDaysOf(listing, span)) {
      const recording = listing.recordingOn(session.day);
      const recorded = recording && replayedDay(recording.days(), session.day);
      if (recording === undefined || recorded === undefined) continue;
      const key = `${recording.id} ${recorded.day}`;
      yield { session, key, events: () => this.#events.get(key, () => recorded.load()) };
    }
  }

  /** Of the events from one offset to another of a recorded day. Kept, because days repeat: a year of daily bars is a few sums. */
  summary(replayed: ReplayedSession, what: WhatToShow, fromMs: number, toMs: number): Summary | undefined {
    const [from, to] = [fromMs - replayed.session.startMs, toMs - replayed.session.startMs];
    return this.#summaries.get(`${replayed.key} ${what} ${from} ${to}`, () =>
      summarize(replayed.events(), what, from, to),
    );
  }
}

function summarize(events: DayEvents, what: WhatToShow, fromMs: number, toMs: number): Summary | undefined {
  if (isTraded(what)) {
    const { offsetsMs } = events.trades;
    return summarizeTrades(events.trades, lowerBound(offsetsMs, fromMs), lowerBound(offsetsMs, toMs));
  }
  const { offsetsMs } = events.quotes;
  return summarizeQuotes(events.quotes, what, lowerBound(offsetsMs, fromMs), lowerBound(offsetsMs, toMs));
}

function isTraded(what: WhatToShow): what is 'TRADES' | 'ADJUSTED_LAST' {
  return what === 'TRADES' || what === 'ADJUSTED_LAST';
}

function* tradingDaysOf(listing: Listing, span: Span): Generator<TradingDay> {
  const first = Math.max(listing.firstDay, Math.floor(span.fromMs / MS_PER_DAY) - 1);
  const last = Math.min(listing.lastDay, Math.floor(span.toMs / MS_PER_DAY) + 1);
  for (let day = first; day <= last; day++) {
    const session = listing.calendar.tradingDay(day);
    if (session !== undefined && session.startMs < span.toMs && session.endMs > span.fromMs) yield session;
  }
}

function sessionsOf(listing: Listing, span: Span): readonly Session[] {
  const sessions: Session[] = [];
  for (const day of tradingDaysOf({ ...listing, firstDay: -Infinity, lastDay: Infinity }, span)) {
    sessions.push({ startMs: day.startMs, endMs: day.endMs, date: day.date, regular: false });
    if (day.regularStartMs < span.toMs && day.regularEndMs > span.fromMs)
      sessions.push({ startMs: day.regularStartMs, endMs: day.regularEndMs, date: day.date, regular: true });
  }
  return sessions;
}

function* tradesOf(reader: SessionReader, listing: Listing, span: Span): Generator<MarketTrade> {
  if (!listing.hasTrades) return;
  const isShare = listing.instrument.secType === 'STK';
  for (const { session, events } of reader.sessions(listing, span)) {
    const { offsetsMs, prices, sizes, exchanges } = events().trades;
    const endMs = Math.min(span.toMs, session.endMs);
    for (
      let index = lowerBound(offsetsMs, span.fromMs - session.startMs);
      index < offsetsMs.length;
      index++
    ) {
      const timeMs = session.startMs + (offsetsMs[index] ?? 0);
      if (timeMs >= endMs) break;
      const size = sizes[index] ?? 0;
      yield {
        timeMs,
        price: prices[index] ?? 0,
        size,
        exchange: EXCHANGES[exchanges[index] ?? 0] ?? '',
        conditions: isShare ? conditionsOf(session, timeMs, size) : '',
      };
    }
  }
}

/** T: outside the regular hours; I: an odd lot. The recorded conditions are another vendor's bits and are not passed on. */
function conditionsOf(session: TradingDay, timeMs: number, size: number): string {
  const regular = timeMs >= session.regularStartMs && timeMs < session.regularEndMs;
  return [...(regular ? [] : ['T']), ...(size < 100 ? ['I'] : [])].join(' ');
}

function* quotesOf(reader: SessionReader, listing: Listing, span: Span): Generator<MarketQuote> {
  if (!listing.hasQuotes) return;
  for (const { session, events } of reader.sessions(listing, span)) {
    const { offsetsMs, bids, asks, bidSizes, askSizes } = events().quotes;
    const endMs = Math.min(span.toMs, session.endMs);
    for (
      let index = lowerBound(offsetsMs, span.fromMs - session.startMs);
      index < offsetsMs.length;
      index++
    ) {
      const timeMs = session.startMs + (offsetsMs[index] ?? 0);
      if (timeMs >= endMs) break;
      yield {
        timeMs,
        bid: bids[index] ?? 0,
        ask: asks[index] ?? 0,
        bidSize: bidSizes[index] ?? 0,
        askSize: askSizes[index] ?? 0,
      };
    }
  }
}

function offers(listing: Listing, what: WhatToShow): boolean {
  return isTraded(what) ? listing.hasTrades : listing.hasQuotes;
}

/** Bars begin at whole lengths since midnight of the exchange; the one a session opens in begins with the session. */
function* intradayBars(reader: SessionReader, listing: Listing, options: BarOptions): Generator<MarketBar> {
  if (!offers(listing, options.whatToShow)) return;
  for (const { session, events } of reader.sessions(listing, options)) {
    const startMs = options.useRth ? session.regularStartMs : session.startMs;
    const endMs = Math.min(options.toMs, options.useRth ? session.regularEndMs : session.endMs);
    const localMs = startMs + listing.calendar.timeZone.offsetMs(startMs);
    const grid = { anchorMs: startMs - (localMs % MS_PER_DAY), startMs, endMs };
    yield* barsOfSession(events(), session.startMs, grid, options);
  }
}

function* barsOfSession(
  events: DayEvents,
  sessionStartMs: number,
  grid: { readonly anchorMs: number; readonly startMs: number; readonly endMs: number },
  { fromMs, barMs, whatToShow }: BarOptions,
): Generator<MarketBar> {
  const traded = isTraded(whatToShow);
  const { offsetsMs } = traded ? events.trades : events.quotes;
  let index = lowerBound(offsetsMs, Math.max(grid.startMs, fromMs) - sessionStartMs);
  for (;;) {
    const offset = offsetsMs[index];
    if (offset === undefined || sessionStartMs + offset >= grid.endMs) return;
    const cell = Math.floor((sessionStartMs + offset - grid.anchorMs) / barMs);
    const startMs = Math.max(grid.anchorMs + cell * barMs, grid.startMs);
    const endMs = Math.min(grid.anchorMs + (cell + 1) * barMs, grid.endMs);
    const next = nextIndex(offsetsMs, index, endMs - sessionStartMs);
    if (startMs >= fromMs) {
      const summary = traded
        ? summarizeTrades(events.trades, index, next)
        : summarizeQuotes(events.quotes, whatToShow, index, next);
      if (summary !== undefined) yield toBar(summary, startMs);
    }
    index = next;
  }
}

/** Bars are short: looking on from where one is beats searching the day again. */
function nextIndex(offsetsMs: Int32Array, from: number, endOffsetMs: number): number {
  let index = from;
  while (index < offsetsMs.length && (offsetsMs[index] ?? 0) < endOffsetMs) index++;
  return index;
}

/** Bars of a day, a week or a month: of whole sessions, dated by the last one as IB does. */
function* sessionBars(reader: SessionReader, listing: Listing, options: BarOptions): Generator<MarketBar> {
  if (!offers(listing, options.whatToShow)) return;
  let open: { key: number; startMs: number; date: string; parts: Summary[] } | undefined;
  const from = firstDayOfPeriod(options.fromMs, options.barMs);
  for (const replayed of reader.sessions(listing, { fromMs: from, toMs: options.toMs })) {
    const { session } = replayed;
    const startMs = options.useRth ? session.regularStartMs : session.startMs;
    const endMs = Math.min(options.toMs, options.useRth ? session.regularEndMs : session.endMs);
    const part = startMs < endMs ? reader.summary(replayed, options.whatToShow, startMs, endMs) : undefined;
    if (part === undefined) continue;
    const key = periodOf(session.day, options.barMs);
    if (open?.key !== key) {
      if (open !== undefined && open.startMs >= options.fromMs) yield* closed(open);
      open = { key, startMs, date: session.date, parts: [] };
    }
    open.date = session.date;
    open.parts.push(part);
  }
  if (open !== undefined && open.startMs >= options.fromMs) yield* closed(open);
}

function* closed(open: { startMs: number; date: string; parts: readonly Summary[] }): Generator<MarketBar> {
  const summary = joinSummaries(open.parts);
  if (summary !== undefined) yield toBar(summary, open.startMs, open.date);
}

function periodOf(day: number, barMs: number): number {
  if (barMs >= MONTH_MS) return Number(dateText(day).slice(0, 6));
  return barMs >= DAYS_A_WEEK * MS_PER_DAY ? weekOf(day) : day;
}

/** A period that the span begins in starts before it and is not asked for; its sessions are still needed to know that. */
function firstDayOfPeriod(fromMs: number, barMs: number): number {
  if (barMs >= MONTH_MS) return fromMs - 31 * MS_PER_DAY;
  return barMs >= DAYS_A_WEEK * MS_PER_DAY ? fromMs - DAYS_A_WEEK * MS_PER_DAY : fromMs;
}

function headOf(listing: Listing, whatToShow: WhatToShow): number | undefined {
  if (!offers(listing, whatToShow)) return undefined;
  const lastToTry = Math.min(listing.lastDay, listing.firstDay + 31);
  for (let day = listing.firstDay; day <= lastToTry; day++) {
    const session = listing.calendar.tradingDay(day);
    if (session !== undefined && listing.recordingOn(day) !== undefined) return session.startMs;
  }
  return undefined;
}
