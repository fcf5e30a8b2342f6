/** Bar sizes and durations as IB writes them. */
import { err, ok, type Result } from '@tickwell/domain';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY_MS = 24 * HOUR;

/** The sizes of IB's own error text, which is the list of record. "1 week" and "1 month" are what clients' constants say. */
const BAR_SIZES: ReadonlyMap<string, number> = new Map([
  ['1 secs', SECOND],
  ['5 secs', 5 * SECOND],
  ['10 secs', 10 * SECOND],
  ['15 secs', 15 * SECOND],
  ['30 secs', 30 * SECOND],
  ['1 min', MINUTE],
  ['2 mins', 2 * MINUTE],
  ['3 mins', 3 * MINUTE],
  ['5 mins', 5 * MINUTE],
  ['10 mins', 10 * MINUTE],
  ['15 mins', 15 * MINUTE],
  ['20 mins', 20 * MINUTE],
  ['30 mins', 30 * MINUTE],
  ['1 hour', HOUR],
  ['2 hours', 2 * HOUR],
  ['3 hours', 3 * HOUR],
  ['4 hours', 4 * HOUR],
  ['8 hours', 8 * HOUR],
  ['1 day', DAY_MS],
  ['1w', 7 * DAY_MS],
  ['1 week', 7 * DAY_MS],
  ['1m', 30 * DAY_MS],
  ['1 month', 30 * DAY_MS],
]);

/** Length in ms (a week is 7 days, a month 30); the error is IB's text. */
export function parseBarSize(text: string): Result<number, string> {
  const barMs = BAR_SIZES.get(text.toLowerCase()) ?? (text === '1 sec' ? SECOND : undefined);
  if (barMs !== undefined) return ok(barMs);
  return err(
    'Historical data bar size setting is invalid. Legal ones are: 1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, 2 mins, 3 mins, ' +
      '5 mins, 10 mins, 15 mins, 20 mins, 30 mins, 1 hour, 2 hours, 3 hours, 4 hours, 8 hours, 1 day, 1W, 1M',
  );
}

type DurationUnit = 'S' | 'D' | 'W' | 'M' | 'Y';
export interface Duration {
  readonly count: number;
  readonly unit: DurationUnit;
}

/** The most that makes sense of each unit: IB refuses more of seconds and asks for years beyond 365 days. */
const MAX_COUNT: Readonly<Record<DurationUnit, number>> = { S: 86_400, D: 365, W: 52, M: 12, Y: 100 };

/** "1800 S", "2 D", "1 W", "6 M", "1 Y"; a bare number is seconds. */
export function parseDuration(text: string): Result<Duration, string> {
  const match = /^(\d{1,9})(?:\s*([SDWMY]))?$/.exec(text.trim());
  if (match === null || Number(match[1]) === 0)
    return err(
      "Historical data query duration string is invalid: an integer and a unit of S, D, W, M or Y, such as '1 D'",
    );
  const duration = { count: Number(match[1]), unit: (match[2] ?? 'S') as DurationUnit };
  const max = MAX_COUNT[duration.unit];
  if (duration.count > max)
    return err(
      `Historical data requests for durations longer than ${max} ${unitName(duration.unit)} must be made in a longer unit`,
    );
  return ok(duration);
}

function unitName(unit: DurationUnit): string {
  return { S: 'seconds', D: 'days', W: 'weeks', M: 'months', Y: 'years' }[unit];
}

/** Nominal length in ms, for comparing with a table. */
export function nominalMs({ count, unit }: Duration): number {
  return count * { S: SECOND, D: DAY_MS, W: 7 * DAY_MS, M: 31 * DAY_MS, Y: 366 * DAY_MS }[unit];
}

/** `months` before an instant, on the calendar of UTC; the 31st becomes the month's last day. */
function monthsBefore(timeMs: number, months: number): number {
  const date = new Date(timeMs);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}

/** The instant a duration before `endMs`, but for days, which are trading days (see the caller). */
export function calendarStart(endMs: number, { count, unit }: Duration): number {
  switch (unit) {
    case 'S':
      return endMs - count * SECOND;
    case 'D':
      return endMs - count * DAY_MS;
    case 'W':
      return endMs - count * 7 * DAY_MS;
    case 'M':
      return monthsBefore(endMs, count);
    case 'Y':
      return monthsBefore(endMs, 12 * count);
  }
}
