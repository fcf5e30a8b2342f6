import type { CalendarData, Hours } from './data.ts';
import { ZoneChanges } from './zone-changes.ts';

/** Days are counted since 1970-01-01. */
export const FIRST_DAY = Date.UTC(2000, 0, 1) / 86_400_000;
export const LAST_DAY = Date.UTC(2030, 11, 31) / 86_400_000;
const DAY_MINUTES = 1440;

/**
 * Every session of a calendar from 2000 to 2030 as numbers: a question is a search in them. Times are minutes since the epoch.
 * A stretch is a piece of a session without a pause.
 */
export interface SessionTable {
  /** Per session its day, and its first stretch; one entry more at the end. */
  readonly days: Int32Array;
  readonly firstStretch: Int32Array;
  readonly isSpecial: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Open minutes before each stretch. */
  readonly openBefore: Int32Array;
  /** Per day since `FIRST_DAY` its session, or -1. */
  readonly sessionOfDay: Int16Array;
}

interface Day {
  readonly day: number;
  readonly open: number;
  readonly close: number;
  readonly pauses: readonly (readonly [number, number])[];
  readonly special: boolean;
}

export function buildTable(data: CalendarData): SessionTable {
  const days = tradingDays(data);
  const sessionOfDay = new Int16Array(LAST_DAY - FIRST_DAY + 1).fill(-1);
  const starts: number[] = [];
  const ends: number[] = [];
  const firstStretch: number[] = [];
  const openBefore: number[] = [];
  let open = 0;
  for (const [session, day] of days.entries()) {
    sessionOfDay[day.day - FIRST_DAY] = session;
    firstStretch.push(starts.length);
    for (const [start, end] of stretchesOf(day)) {
      starts.push(start);
      ends.push(end);
      openBefore.push(open);
      open += end - start;
    }
  }
  firstStretch.push(starts.length);
  return {
    days: Int32Array.from(days, ({ day }) => day),
    firstStretch: Int32Array.from(firstStretch),
    isSpecial: Uint8Array.from(days, ({ special }) => Number(special)),
    starts: Int32Array.from(starts),
    ends: Int32Array.from(ends),
    openBefore: Int32Array.from(openBefore),
    sessionOfDay,
  };
}

function stretchesOf({ open, close, pauses }: Day): readonly (readonly [number, number])[] {
  const stretches: (readonly [number, number])[] = [];
  let start = open;
  for (const [from, to] of pauses) {
    if (from <= start || to >= close) continue;
    stretches.push([start, from]);
    start = to;
  }
  stretches.push([start, close]);
  return stretches;
}

function tradingDays(data: CalendarData): readonly Day[] {
  const zone = new ZoneChanges(data.zone, (FIRST_DAY - 2) * 86_400_000, (LAST_DAY + 2) * 86_400_000);
  const closed = new Set(data.closed.flatMap(daysOf));
  const special = new Map(
    data.special.flatMap((hours) => hours.days.flatMap(daysOf).map((day) => [day, hours])),
  );
  const eras = data.hours.map((hours) => ({ hours, fromDay: dayOfDate(hours.from) }));
  const days: Day[] = [];
  let era = 0;
  for (let day = FIRST_DAY; day <= LAST_DAY; day += 1) {
    if ((!data.weekends && isWeekend(day)) || closed.has(day)) continue;
    while (day >= (eras[era + 1]?.fromDay ?? Infinity)) era += 1;
    const hours = eras[era]?.hours;
    if (hours === undefined) throw new Error(`calendar ${data.id} has no hours`);
    const change = special.get(day);
    const before = days.at(-1);
    const afterPause = before?.day !== day - 1 || before.special;
    const at = (time: string): number => zone.toInstantMinutes(day * DAY_MINUTES + minutesOf(time));
    days.push({
      day,
      open: at(change?.open ?? openingOf(hours, afterPause)),
      close: at(change?.close ?? hours.close),
      pauses: hours.pauses.map(({ start, end }) => [at(start), at(end)]),
      special: change !== undefined,
    });
  }
  return days;
}

function openingOf(hours: Hours, afterPause: boolean): string {
  return afterPause ? (hours.openAfterPause ?? hours.open) : hours.open;
}

function isWeekend(day: number): boolean {
  // 1970-01-01 was a Thursday.
  return (day + 3) % 7 >= 5;
}

/** "2024 0101 0115" → days since 1970-01-01. */
function daysOf(line: string): readonly number[] {
  const [year = '', ...days] = line.split(' ');
  return days.map((day) => dayOfDate(Number(year + day)));
}

export function dayOfDate(date: number): number {
  return Date.UTC(Math.floor(date / 10_000), (Math.floor(date / 100) % 100) - 1, date % 100) / 86_400_000;
}

/** Minutes since midnight of the session's date; "-17:00" is seven hours before it. */
function minutesOf(time: string): number {
  const isDayBefore = time.startsWith('-');
  const [hours = NaN, minutes = NaN] = time
    .slice(isDayBefore ? 1 : 0)
    .split(':')
    .map(Number);
  return hours * 60 + minutes - (isDayBefore ? DAY_MINUTES : 0);
}
