/** Files of the LEAN data folder (QuantConnect): zips of CSV, times in ms since local midnight of the date in the file name. */
import { parseTimeZone } from '@tickwell/domain';
import { readZipEntry } from '../archive.ts';
import { dayOf } from '../calendar-rules.ts';
import type { ExchangeCalendar } from '../calendar.ts';
import {
  exchangeOfTapeLetter,
  QuoteBuilder,
  TradeBuilder,
  type QuoteColumns,
  type TradeColumns,
} from '../columns.ts';
import type { TimedBar, TimedQuoteBar } from '../recording.ts';
import { scanRows } from '../rows.ts';

export interface LeanBarFile {
  readonly path: string;
  /** End of the entry's name in the zip; "": its only one. */
  readonly entry: string;
  /** IANA, or an offset such as UTC-5. */
  readonly zone: string;
  /** Stored prices are the real ones times this. */
  readonly scale: number;
  readonly lengthMs: number;
}

const MS_PER_DAY = 86_400_000;

/** Trade bars; those without volume (nothing traded in the minute) are left out. */
export function* leanTradeBars(file: LeanBarFile): Generator<Omit<TimedBar, 'offsetMs'>> {
  const midnightMs = midnightOf(file.path, file.zone);
  const bars: Omit<TimedBar, 'offsetMs'>[] = [];
  scanRows(readZipEntry(file.path, file.entry), 6, (row) => {
    const [ms = 0, open = 0, high = 0, low = 0, close = 0, volume = 0] = row;
    if (volume <= 0) return;
    const startMs = midnightMs + ms;
    const scaled = { open: open / file.scale, high: high / file.scale, low: low / file.scale };
    bars.push({ startMs, lengthMs: file.lengthMs, ...scaled, close: close / file.scale, volume });
  });
  yield* bars;
}

/** Quote bars; where a side has none in a minute its last close goes on, and minutes before both had one are left out. */
export function* leanQuoteBars(file: LeanBarFile): Generator<Omit<TimedQuoteBar, 'offsetMs'>> {
  const midnightMs = midnightOf(file.path, file.zone);
  const bars: Omit<TimedQuoteBar, 'offsetMs'>[] = [];
  let last: { bid: number; ask: number } = { bid: 0, ask: 0 };
  scanRows(readZipEntry(file.path, file.entry), 11, (row) => {
    const bid = sideOf(row.subarray(1, 5), file.scale, last.bid);
    const ask = sideOf(row.subarray(6, 10), file.scale, last.ask);
    last = { bid: bid.close, ask: ask.close };
    if (bid.close <= 0 || ask.close <= 0) return;
    bars.push({
      startMs: midnightMs + (row[0] ?? 0),
      lengthMs: file.lengthMs,
      bid,
      ask,
      bidSize: quotedSize(row[5]),
      askSize: quotedSize(row[10]),
    });
  });
  yield* bars;
}

/** What currencies are quoted for where the recording has no sizes, as IB shows it. */
const MILLION = 1_000_000;

function quotedSize(size: number | undefined): number {
  return size === undefined || Number.isNaN(size) || size === 0 ? MILLION : size;
}

function sideOf(
  prices: Float64Array,
  scale: number,
  lastClose: number,
): { open: number; high: number; low: number; close: number } {
  const [open = 0, high = 0, low = 0, close = 0] = prices;
  if (!(close > 0)) return { open: lastClose, high: lastClose, low: lastClose, close: lastClose };
  return { open: open / scale, high: high / scale, low: low / scale, close: close / scale };
}

/** Trades of a US share, one file per day: ms, price × 10000, size, exchange, conditions, suspicious. Suspicious ones are left out. */
export function leanTradeTicks(path: string, calendar: ExchangeCalendar): TradeColumns {
  const builder = new TradeBuilder();
  const toOffset = offsetInSession(path, calendar);
  scanRows(readZipEntry(path), 6, (row) => {
    const [ms = 0, price = 0, size = 0, letter = 0, , suspicious = 0] = row;
    const offsetMs = toOffset(ms);
    if (offsetMs !== undefined && suspicious === 0)
      builder.add(offsetMs, price / 10_000, size, exchangeOfTapeLetter(letter));
  });
  return builder.build();
}

/**
 * Best quotes of a US share: every row has one side (ms, bid, size, ask, size, exchange, conditions, suspicious), joined here with
 * the other side's last. Crossed and repeated ones are left out, and suspicious rows.
 */
export function leanQuoteTicks(path: string, calendar: ExchangeCalendar): QuoteColumns {
  const builder = new QuoteBuilder();
  const toOffset = offsetInSession(path, calendar);
  const best = { bid: 0, ask: 0, bidSize: 0, askSize: 0 };
  const sent = { ...best };
  scanRows(readZipEntry(path), 8, (row) => {
    const [ms = 0, bid = 0, bidSize = 0, ask = 0, askSize = 0, , , suspicious = 0] = row;
    const offsetMs = toOffset(ms);
    if (offsetMs === undefined || suspicious !== 0) return;
    if (bid > 0) Object.assign(best, { bid: bid / 10_000, bidSize });
    if (ask > 0) Object.assign(best, { ask: ask / 10_000, askSize });
    if (best.bid <= 0 || best.ask <= best.bid) return;
    const same = best.bid === sent.bid && best.ask === sent.ask;
    if (same && best.bidSize === sent.bidSize && best.askSize === sent.askSize) return;
    builder.add(offsetMs, best.bid, best.ask, best.bidSize, best.askSize);
    Object.assign(sent, best);
  });
  return builder.build();
}

/** Bars of one day and file as events' offsets need them. */
export function inSession<T extends { readonly startMs: number }>(
  bars: Iterable<T>,
  calendar: ExchangeCalendar,
  day: number,
): (T & { readonly offsetMs: number })[] {
  const session = calendar.tradingDay(day);
  if (session === undefined) return [];
  return [...bars]
    .filter((bar) => bar.startMs >= session.startMs && bar.startMs < session.endMs)
    .map((bar) => ({ ...bar, offsetMs: bar.startMs - session.startMs }));
}

/** The day in the name of a LEAN file: .../20131007_trade.zip. */
export function dayOfFile(path: string): number {
  const date = /(\d{4})(\d{2})(\d{2})_[a-z]+\.zip$/.exec(path);
  if (date === null) throw new Error(`${path}: the file name has no date`);
  return dayOf(Number(date[1]), Number(date[2]), Number(date[3]));
}

function midnightOf(path: string, zoneName: string): number {
  const zone = parseTimeZone(zoneName);
  if (!zone.ok) throw new Error(zone.error);
  return Number(zone.value.toInstantNs(BigInt(dayOfFile(path) * MS_PER_DAY) * 1_000_000n) / 1_000_000n);
}

function offsetInSession(path: string, calendar: ExchangeCalendar): (ms: number) => number | undefined {
  const day = dayOfFile(path);
  const session = calendar.tradingDay(day);
  if (session === undefined) throw new Error(`${path}: no trading day`);
  const midnightMs = midnightOf(path, calendar.timeZone.name);
  const lengthMs = session.endMs - session.startMs;
  return (ms) => {
    const offsetMs = midnightMs + ms - session.startMs;
    return offsetMs >= 0 && offsetMs < lengthMs ? offsetMs : undefined;
  };
}
