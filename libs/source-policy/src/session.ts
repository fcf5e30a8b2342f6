import { calendar, type Calendar } from '@tickwell/calendar';
import { JsonFields, parseTimeZone, type TimeZone } from '@tickwell/domain';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const WEEKDAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri'];
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** When data is expected: the sessions of a calendar, or the same hours on the same days of every week. */
export type Session = { readonly calendar: Calendar } | WeeklyHours;

/** Minutes are of the wall clock's day; `toMinute` may be at or below `fromMinute`: the session ends on the next day. */
interface WeeklyHours {
  readonly zone: TimeZone;
  /** 0: Sunday; the days on which a session begins. */
  readonly days: ReadonlySet<number>;
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** Whether a time (ms since the epoch) lies in the session; without one data is always expected. */
export function isInSession(session: Session | undefined, timeMs: number): boolean {
  if (session === undefined) return true;
  if ('calendar' in session) {
    const open = session.calendar.isOpenAt(BigInt(Math.floor(timeMs)) * 1_000_000n);
    // Where the calendar ends nothing says that the market is closed.
    return !open.ok || open.value;
  }
  const { zone, days, fromMinute, toMinute } = session;
  const wallMs = timeMs + zone.offsetMs(timeMs);
  const day = new Date(wallMs).getUTCDay();
  const minute = Math.floor((((wallMs % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS);
  if (fromMinute < toMinute) return days.has(day) && minute >= fromMinute && minute < toMinute;
  return (days.has(day) && minute >= fromMinute) || (days.has((day + 6) % 7) && minute < toMinute);
}

/** `{"calendar":"XNYS"}`, or `{"timeZone":"America/New_York","from":"09:30","to":"16:00","days":["mon",…]}`; Monday to Friday unless told. */
export function readSession(value: unknown, where: string, problems: string[]): Session | undefined {
  const fields = new JsonFields(value, where);
  const name = fields.text('calendar');
  if (name !== undefined) {
    const found = calendar(name);
    if (!found.ok) fields.problem('calendar', found.error);
    const read = fields.finish(undefined);
    if (!read.ok) problems.push(...read.error);
    return read.ok && found.ok ? { calendar: found.value } : undefined;
  }
  const zone = parseTimeZone(fields.requiredText('timeZone'));
  if (!zone.ok && fields.take('timeZone') !== undefined) fields.problem('timeZone', zone.error);
  const fromMinute = readMinute(fields, 'from');
  const toMinute = readMinute(fields, 'to');
  const days = fields.list('days') ?? WEEKDAYS;
  const numbers = DAYS.flatMap((name, day) => (days.includes(name) ? [day] : []));
  if (numbers.length === 0 || numbers.length !== days.length)
    fields.problem('days', `must be a list of some of ${DAYS.join(', ')}, each once`);
  const read = fields.finish(undefined);
  if (!read.ok) problems.push(...read.error);
  return read.ok && zone.ok ? { zone: zone.value, days: new Set(numbers), fromMinute, toMinute } : undefined;
}

function readMinute(fields: JsonFields, name: string): number {
  const text = fields.requiredText(name);
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null && text !== '')
    fields.problem(name, `"${text.slice(0, 20)}" is not a time of day such as 09:30`);
  return Number(match?.[1] ?? 0) * 60 + Number(match?.[2] ?? 0);
}
