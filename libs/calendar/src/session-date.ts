import { err, ok, type Result } from '@tickwell/domain';

/** A session's date as yyyymmdd, as daily bars carry it. */
export type SessionDate = number;

/** Whether there is a session on a date. */
export type TradingDays = (date: SessionDate) => boolean;

const MS_PER_DAY = 86_400_000;

/** Monday to Friday: what is known without a calendar of holidays. */
export const WEEKDAYS: TradingDays = (date) => {
  const weekday = new Date(toMs(date)).getUTCDay();
  return weekday !== 0 && weekday !== 6;
};

/** "YYYY-MM-DD" */
export function parseSessionDate(text: string): Result<SessionDate, string> {
  const digits = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)?.slice(1).join('');
  const date = Number(digits);
  if (digits === undefined || fromMs(toMs(date)) !== date)
    return err(`"${text}" is not a date: write YYYY-MM-DD`);
  return ok(date);
}

export function sessionDateText(date: SessionDate): string {
  const digits = date.toString().padStart(8, '0');
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
}

export function addDays(date: SessionDate, days: number): SessionDate {
  return fromMs(toMs(date) + days * MS_PER_DAY);
}

/** The same day of a month so many months before, or its last day where it is shorter. */
export function dayOfMonthBefore(date: SessionDate, day: number, months: number): SessionDate {
  const year = Math.floor(date / 10_000);
  const month = Math.floor(date / 100) % 100;
  const lastDay = new Date(Date.UTC(year, month - months, 0)).getUTCDate();
  return fromMs(Date.UTC(year, month - 1 - months, Math.min(day, lastDay)));
}

/** The session so many sessions away; 0: the date itself, or the last session before it where it is none. */
export function addSessions(date: SessionDate, sessions: number, isTradingDay: TradingDays): SessionDate {
  let at = date;
  for (let days = 0; !isTradingDay(at) && days < MAX_PAUSE_DAYS; days += 1) at = addDays(at, -1);
  const step = sessions < 0 ? -1 : 1;
  for (let left = Math.abs(sessions); left > 0; left -= 1) {
    at = addDays(at, step);
    for (let days = 0; !isTradingDay(at) && days < MAX_PAUSE_DAYS; days += 1) at = addDays(at, step);
  }
  return at;
}

/** No exchange that comes back stays closed for longer. */
const MAX_PAUSE_DAYS = 60;

function toMs(date: SessionDate): number {
  return Date.UTC(Math.floor(date / 10_000), (Math.floor(date / 100) % 100) - 1, date % 100);
}

function fromMs(ms: number): SessionDate {
  const at = new Date(ms);
  return at.getUTCFullYear() * 10_000 + (at.getUTCMonth() + 1) * 100 + at.getUTCDate();
}
