/** Days are counted since 1970-01-01 (day 0, a Thursday), without a time zone. */

const MS_PER_DAY = 86_400_000;

export interface HolidayRules {
  readonly closed: ReadonlySet<number>;
  /** Days that end early. */
  readonly early: ReadonlySet<number>;
}

export function dayOf(year: number, month: number, dayOfMonth: number): number {
  return Date.UTC(year, month - 1, dayOfMonth) / MS_PER_DAY;
}

/** yyyyMMdd. */
export function dateText(day: number): string {
  return new Date(day * MS_PER_DAY).toISOString().slice(0, 10).replaceAll('-', '');
}

/** 0 is Sunday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** Weeks since the one of 1970-01-05, Monday to Sunday. */
export function weekOf(day: number): number {
  return Math.floor((day - 4) / 7);
}

/** The n-th given weekday of a month. */
export function nthWeekday(year: number, month: number, weekday: number, n: number): number {
  const first = dayOf(year, month, 1);
  return first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (n - 1);
}

/** Gregorian Easter by the anonymous computus (Meeus, Astronomical Algorithms, chapter 8). */
function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const n = h + l - 7 * m + 90;
  const month = Math.floor(n / 25);
  return dayOf(year, month, (n - 90 + 33 * month + 19) % 32);
}

/** Saturday's holiday is kept on Friday, Sunday's on Monday. */
function observed(day: number): number {
  const weekday = weekdayOf(day);
  if (weekday === 6) return day - 1;
  return weekday === 0 ? day + 1 : day;
}

/** Days of mourning that no rule foresees: for Presidents Bush and Carter. */
const MOURNING: readonly number[] = [dayOf(2018, 12, 5), dayOf(2025, 1, 9)];

/** Of every year the days between New Year and Christmas that both the exchange in New York and the one in Chicago keep. */
function federalDays(year: number): readonly number[] {
  const mayEnd = dayOf(year, 5, 31);
  return [
    nthWeekday(year, 1, 1, 3),
    nthWeekday(year, 2, 1, 3),
    mayEnd - ((weekdayOf(mayEnd) + 6) % 7),
    observed(dayOf(year, 7, 4)),
    nthWeekday(year, 9, 1, 1),
    nthWeekday(year, 11, 4, 4),
  ];
}

/** New Year falls out where 1 January is a Saturday: the year's last Friday is a trading day. */
function newYear(year: number): readonly number[] {
  const day = dayOf(year, 1, 1);
  return weekdayOf(day) === 6 ? [] : [observed(day)];
}

function eves(year: number): readonly number[] {
  const christmasEve = dayOf(year, 12, 24);
  return [
    nthWeekday(year, 11, 4, 4) + 1,
    ...(weekdayOf(christmasEve) >= 1 && weekdayOf(christmasEve) <= 4 ? [christmasEve] : []),
  ];
}

/** Exchanges in New York since 2013: closed on ten days a year, closed at 13:00 on up to three. */
export function newYorkHolidays(year: number): HolidayRules {
  const july3 = dayOf(year, 7, 3);
  return {
    closed: new Set([
      ...newYear(year),
      ...federalDays(year),
      ...(year >= 2022 ? [observed(dayOf(year, 6, 19))] : []),
      easterSunday(year) - 2,
      observed(dayOf(year, 12, 25)),
      ...MOURNING,
    ]),
    early: new Set([...eves(year), ...(weekdayOf(july3) >= 1 && weekdayOf(july3) <= 4 ? [july3] : [])]),
  };
}

/** Equity and currency futures in Chicago: closed on three days a year, open until noon on the federal holidays. */
export function chicagoHolidays(year: number): HolidayRules {
  return {
    closed: new Set([...newYear(year), easterSunday(year) - 2, observed(dayOf(year, 12, 25)), ...MOURNING]),
    early: new Set([...federalDays(year), ...eves(year)]),
  };
}

/** Interbank currencies rest on two days only. */
export function currencyHolidays(year: number): HolidayRules {
  return { closed: new Set([dayOf(year, 1, 1), dayOf(year, 12, 25)]), early: new Set() };
}
