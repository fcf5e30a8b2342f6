import { parseTimeZone, type TimeZone } from '@tickwell/domain';
import {
  chicagoHolidays,
  currencyHolidays,
  dateText,
  newYorkHolidays,
  weekdayOf,
  type HolidayRules,
} from './calendar-rules.ts';

/** A trading day of an exchange. It is named after the day on which it ends. */
export interface TradingDay {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** yyyyMMdd. */
  readonly date: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly regularStartMs: number;
  readonly regularEndMs: number;
}

export interface ExchangeCalendar {
  readonly timeZone: TimeZone;
  /** Undefined: no trading on this day. */
  tradingDay(day: number): TradingDay | undefined;
  /** The trading day a moment falls into; undefined: the exchange is closed. */
  tradingDayAt(timeMs: number): TradingDay | undefined;
}

const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;
const MAX_CACHED_DAYS = 4096;

/** Minutes since midnight of the trading day; negative: on the day before. */
interface Hours {
  readonly zone: string;
  readonly open: number;
  readonly close: number;
  readonly regularOpen: number;
  readonly regularClose: number;
  readonly earlyClose: number;
  readonly earlyRegularClose: number;
  readonly weekends: boolean;
  readonly holidays: (year: number) => HolidayRules;
}

const at = (hour: number, minute = 0): number => hour * 60 + minute;
const NO_HOLIDAYS: HolidayRules = { closed: new Set(), early: new Set() };

/** Shares in New York: 04:00 to 20:00, regular 09:30 to 16:00; to 17:00 and 13:00 on short days. */
export function usStockCalendar(): ExchangeCalendar {
  return createCalendar({
    zone: 'US/Eastern',
    open: at(4),
    close: at(20),
    regularOpen: at(9, 30),
    regularClose: at(16),
    earlyClose: at(17),
    earlyRegularClose: at(13),
    weekends: false,
    holidays: newYorkHolidays,
  });
}

/** A cash index: while shares have their regular hours. */
export function usIndexCalendar(): ExchangeCalendar {
  return createCalendar({
    zone: 'US/Central',
    open: at(8, 30),
    close: at(15),
    regularOpen: at(8, 30),
    regularClose: at(15),
    earlyClose: at(12),
    earlyRegularClose: at(12),
    weekends: false,
    holidays: newYorkHolidays,
  });
}

/** Currencies: Sunday 17:15 to Friday 17:00 in New York, with a break of a quarter of an hour every day. */
export function currencyCalendar(): ExchangeCalendar {
  return createCalendar({
    zone: 'US/Eastern',
    open: at(17, 15) - at(24),
    close: at(17),
    regularOpen: at(17, 15) - at(24),
    regularClose: at(17),
    earlyClose: at(17),
    earlyRegularClose: at(17),
    weekends: false,
    holidays: currencyHolidays,
  });
}

/** Futures in Chicago: 17:00 of the day before to 16:00, regular 08:30 to 15:00; until noon on short days. */
export function cmeCalendar(): ExchangeCalendar {
  return createCalendar({
    zone: 'US/Central',
    open: at(17) - at(24),
    close: at(16),
    regularOpen: at(8, 30),
    regularClose: at(15),
    earlyClose: at(12),
    earlyRegularClose: at(12),
    weekends: false,
    holidays: chicagoHolidays,
  });
}

/** Round the clock, every day, cut at midnight UTC. */
export function cryptoCalendar(): ExchangeCalendar {
  return createCalendar({
    zone: 'UTC',
    open: 0,
    close: at(24),
    regularOpen: 0,
    regularClose: at(24),
    earlyClose: at(24),
    earlyRegularClose: at(24),
    weekends: true,
    holidays: () => NO_HOLIDAYS,
  });
}

function createCalendar(hours: Hours): ExchangeCalendar {
  const zone = parseTimeZone(hours.zone);
  if (!zone.ok) throw new Error(zone.error);
  const timeZone = zone.value;
  const days = new Map<number, TradingDay | undefined>();
  const tradingDay = (day: number): TradingDay | undefined => {
    if (days.has(day)) return days.get(day);
    if (days.size >= MAX_CACHED_DAYS) days.clear();
    const made = makeDay(hours, timeZone, day);
    days.set(day, made);
    return made;
  };
  const tradingDayAt = (timeMs: number): TradingDay | undefined => {
    const utc = Math.floor(timeMs / MS_PER_DAY);
    // No session begins more than a day before the day it is named after, and none reaches a day beyond it.
    for (const day of [utc, utc + 1, utc - 1]) {
      const found = tradingDay(day);
      if (found !== undefined && found.startMs <= timeMs && timeMs < found.endMs) return found;
    }
    return undefined;
  };
  return { timeZone, tradingDay, tradingDayAt };
}

function makeDay(hours: Hours, zone: TimeZone, day: number): TradingDay | undefined {
  const weekday = weekdayOf(day);
  if (!hours.weekends && (weekday === 0 || weekday === 6)) return undefined;
  const year = new Date(day * MS_PER_DAY).getUTCFullYear();
  const rules = hours.holidays(year);
  if (rules.closed.has(day)) return undefined;
  const early = rules.early.has(day);
  const instant = (minutes: number): number =>
    Number(zone.toInstantNs(BigInt(day * MS_PER_DAY + minutes * MS_PER_MINUTE) * 1_000_000n) / 1_000_000n);
  return {
    day,
    date: dateText(day),
    startMs: instant(hours.open),
    endMs: instant(early ? hours.earlyClose : hours.close),
    regularStartMs: instant(hours.regularOpen),
    regularEndMs: instant(early ? hours.earlyRegularClose : hours.regularClose),
  };
}
