/** Bars of the other files of the recorded data, each with its own stamps. */
import { parseTimeZone } from '@tickwell/domain';
import { readRecorded } from '../archive.ts';
import type { TimedBar, TimedQuoteBar } from '../recording.ts';
import { splitRows } from '../rows.ts';

type Bar = Omit<TimedBar, 'offsetMs'>;
type QuoteBar = Omit<TimedQuoteBar, 'offsetMs'>;

const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
const MILLION = 1_000_000;

/**
 * Google Finance, minutes of a share: "a<epoch seconds>" begins a day, then minutes since; columns close, high, low, open, volume. A
 * row is stamped at its end, and the first of a day is the opening auction alone: it becomes the first second of the session.
 */
export function* googleMinutes(path: string): Generator<Bar> {
  let dayMs = 0;
  for (const [stamp = '', close, high, low, open, volume] of splitRows(readRecorded(path), 8)) {
    const first = stamp.startsWith('a');
    if (first) dayMs = Number(stamp.slice(1)) * SECOND_MS;
    const minute = first ? 0 : Number(stamp);
    const afterAuction = minute === 1 ? SECOND_MS : 0;
    yield {
      startMs: dayMs + Math.max(0, minute - 1) * MINUTE_MS + afterAuction,
      lengthMs: first ? SECOND_MS : MINUTE_MS - afterAuction,
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume: Number(volume),
    };
  }
}

/** "date,open,high,low,close,volume" with the time of day in UTC. Bars without volume fill gaps and are left out. */
export function* utcMinutes(path: string, options: { readonly stampedAtEnd: boolean }): Generator<Bar> {
  for (const [stamp = '', open, high, low, close, volume] of splitRows(readRecorded(path), 1)) {
    const bar = { open: Number(open), high: Number(high), low: Number(low), close: Number(close) };
    if (Number(volume) <= 0) continue;
    const startMs = utcMs(stamp) - (options.stampedAtEnd ? MINUTE_MS : 0);
    yield { startMs, lengthMs: MINUTE_MS, ...bar, volume: Number(volume) };
  }
}

/** Bid and ask minutes of FXCM in two files with the same rows; sizes are made (a million, as IB shows for currencies). */
export function* bidAskMinutes(bidPath: string, askPath: string): Generator<QuoteBar> {
  const asks = new Map(splitRows(readRecorded(askPath), 1).map((row) => [row[0], row]));
  for (const bid of splitRows(readRecorded(bidPath), 1)) {
    const ask = asks.get(bid[0]);
    if (ask === undefined) continue;
    yield {
      startMs: utcMs(bid[0] ?? ''),
      lengthMs: MINUTE_MS,
      bid: ohlcOf(bid),
      ask: ohlcOf(ask),
      bidSize: MILLION,
      askSize: MILLION,
    };
  }
}

function ohlcOf(row: readonly string[]): { open: number; high: number; low: number; close: number } {
  return { open: Number(row[1]), high: Number(row[2]), low: Number(row[3]), close: Number(row[4]) };
}

/** Index minutes, "11/5/2019 9:30" in New York, columns open, CLOSE, HIGH, LOW. No volume: nobody trades an index. */
export function* indexMinutes(path: string): Generator<Bar> {
  const zone = parseTimeZone('America/New_York');
  if (!zone.ok) throw new Error(zone.error);
  for (const [stamp = '', open, close, high, low] of splitRows(readRecorded(path), 1)) {
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0] = stamp.split(/[/ :]/).map(Number);
    const wallNs = BigInt(Date.UTC(year, month - 1, day, hour, minute)) * 1_000_000n;
    yield {
      startMs: Number(zone.value.toInstantNs(wallNs) / 1_000_000n),
      lengthMs: MINUTE_MS,
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume: 0,
    };
  }
}

/** Candles as the trading-signals project keeps them: JSON, prices as text. */
export function* jsonCandles(path: string): Generator<Bar> {
  const rows: unknown = JSON.parse(readRecorded(path).toString('utf8'));
  for (const row of asRecords(rows)) {
    const bar = { open: Number(row['open']), high: Number(row['high']), low: Number(row['low']) };
    const volume = Number(row['volume']);
    if (volume <= 0) continue;
    const startMs = Number(row['openTimeInMillis']);
    yield { startMs, lengthMs: Number(row['sizeInMillis']), ...bar, close: Number(row['close']), volume };
  }
}

export function asRecords(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) throw new Error('a list of bars was expected');
  return value.filter((row): row is Record<string, unknown> => typeof row === 'object' && row !== null);
}

/** "2016-02-09 20:51:00", perhaps with "+00:00". */
function utcMs(stamp: string): number {
  return Date.parse(`${stamp.slice(0, 19).replace(' ', 'T')}Z`);
}
