import { weekdayOf, weekOf } from './calendar-rules.ts';
import type { ExchangeCalendar } from './calendar.ts';
import { exchangeIndex, type DayEvents, type Exchange } from './columns.ts';
import {
  quotesOfBars,
  quotesOfTrades,
  tradesOfBars,
  type RecordedBar,
  type RecordedQuoteBar,
} from './prints.ts';

/** One recorded trading day. Its events are read or made when they are first asked for. */
export interface RecordedDay {
  /** The day that was recorded, since 1970-01-01. */
  readonly day: number;
  load(): DayEvents;
}

/** What an instrument replays for ever. */
export interface Recording {
  /** Unique among all recordings: the key of its days in the cache. */
  readonly id: string;
  /** In the order of days; never empty. */
  days(): readonly RecordedDay[];
}

/**
 * The recorded day that a day of the simulated calendar replays: one of the same weekday where there is one, and of the recorded
 * weeks one after the other. It depends on the day alone, so the answer is the same whenever and in whatever order one asks.
 */
export function replayedDay(days: readonly RecordedDay[], day: number): RecordedDay | undefined {
  const sameWeekday = days.filter((recorded) => weekdayOf(recorded.day) === weekdayOf(day));
  if (sameWeekday.length === 0) return days[positiveModulo(day, days.length)];
  const weeks = [...new Set(days.map((recorded) => weekOf(recorded.day)))];
  const slot = positiveModulo(weekOf(day), weeks.length);
  const inWeek = sameWeekday.find((recorded) => weekOf(recorded.day) === weeks[slot]);
  return inWeek ?? sameWeekday[slot % sameWeekday.length];
}

function positiveModulo(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}

/** A recorded bar at a moment (ms since the epoch) instead of an offset. */
export type TimedBar = RecordedBar & { readonly startMs: number };
export type TimedQuoteBar = RecordedQuoteBar & { readonly startMs: number };

/** How bars of a file become days of events. */
export interface BarFiles {
  readonly id: string;
  readonly calendar: ExchangeCalendar;
  /** Step of the prices that are made between recorded ones. */
  readonly tick: number;
  readonly exchange: Exchange;
  readonly trades?: () => Iterable<Omit<TimedBar, 'offsetMs'>>;
  /** Without, quotes are made from the trades; `none`: the instrument has no quotes. */
  readonly quotes?: (() => Iterable<Omit<TimedQuoteBar, 'offsetMs'>>) | 'none';
  /** A day counts as recorded where its bars reach over this part of the trading hours. */
  readonly minCoverage: number;
}

interface BarDay {
  readonly trades: RecordedBar[];
  readonly quotes: RecordedQuoteBar[];
}

/** Files are read once, when the first day is asked for; what falls outside the sessions of today's calendar is left out. */
export function recordingOfBars(files: BarFiles): Recording {
  let days: readonly RecordedDay[] | undefined;
  return { id: files.id, days: () => (days ??= readDays(files)) };
}

function readDays(files: BarFiles): readonly RecordedDay[] {
  const byDay = new Map<number, BarDay>();
  const place = (startMs: number): { day: BarDay; offsetMs: number } | undefined => {
    const session = files.calendar.tradingDayAt(startMs);
    if (session === undefined) return undefined;
    const day = byDay.get(session.day) ?? { trades: [], quotes: [] };
    byDay.set(session.day, day);
    return { day, offsetMs: startMs - session.startMs };
  };
  for (const bar of files.trades?.() ?? []) {
    const placed = place(bar.startMs);
    placed?.day.trades.push({ ...bar, offsetMs: placed.offsetMs });
  }
  for (const bar of typeof files.quotes === 'function' ? files.quotes() : []) {
    const placed = place(bar.startMs);
    placed?.day.quotes.push({ ...bar, offsetMs: placed.offsetMs });
  }
  const made = [...byDay].filter(([day, bars]) => covers(files, day, bars));
  if (made.length === 0) throw new Error(`recording ${files.id}: the files hold no whole trading day`);
  return made
    .sort(([a], [b]) => a - b)
    .map(([day, bars]) => ({ day, load: () => eventsOfBars(files, bars) }));
}

function covers(files: BarFiles, day: number, bars: BarDay): boolean {
  const session = files.calendar.tradingDay(day);
  if (session === undefined) return false;
  let [first, last] = [Infinity, 0];
  for (const { offsetMs } of bars.trades.length > 0 ? bars.trades : bars.quotes) {
    first = Math.min(first, offsetMs);
    last = Math.max(last, offsetMs);
  }
  return last - first >= files.minCoverage * (session.endMs - session.startMs);
}

function eventsOfBars(files: BarFiles, bars: BarDay): DayEvents {
  const trades = tradesOfBars(bars.trades, { tick: files.tick, exchange: exchangeIndex(files.exchange) });
  const quotes =
    files.quotes === undefined ? quotesOfTrades(trades, files.tick) : quotesOfBars(bars.quotes, files.tick);
  return { trades, quotes };
}

/** The same recording with some days in a finer one (ticks, seconds). */
export function withFinerDays(recording: Recording, finer: readonly RecordedDay[]): Recording {
  let days: readonly RecordedDay[] | undefined;
  const merge = (): readonly RecordedDay[] => {
    const coarse = recording.days().filter(({ day }) => !finer.some((other) => other.day === day));
    return [...coarse, ...finer].sort((a, b) => a.day - b.day);
  };
  return { id: recording.id, days: () => (days ??= merge()) };
}
