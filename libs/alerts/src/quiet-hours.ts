import { JsonFields, NS_PER_MS, parseTimeZone, type TimeZone } from '@tickwell/domain';
import { isAtLeast, SEVERITIES, type Severity } from './model.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAY_MINUTES = 1_440;

/** When messages are held back, on the wall clock of a place. */
export interface QuietHours {
  readonly zone: TimeZone;
  /** 0: Sunday; the days on which they begin. */
  readonly days: ReadonlySet<number>;
  readonly fromMinute: number;
  /** At or below `fromMinute`: on the next day. */
  readonly toMinute: number;
  /** This severity and worse ones are told all the same; undefined: none is. */
  readonly pass: Severity | undefined;
  /** As it is written, for a person: "22:00 to 07:00 Europe/Berlin". */
  readonly text: string;
}

/** The quiet hours that hold a message of the severity back at a time, as text; undefined: none. */
export function quietReason(
  quiet: readonly QuietHours[],
  severity: Severity,
  nowNs: bigint,
): string | undefined {
  const found = quiet.find(
    (hours) => (hours.pass === undefined || !isAtLeast(severity, hours.pass)) && isQuiet(hours, nowNs),
  );
  return found === undefined ? undefined : `quiet hours ${found.text}`;
}

function isQuiet({ zone, days, fromMinute, toMinute }: QuietHours, nowNs: bigint): boolean {
  const nowMs = Number(nowNs / NS_PER_MS);
  const wallMs = nowMs + zone.offsetMs(nowMs);
  const day = new Date(wallMs).getUTCDay();
  const minute = Math.floor((((wallMs % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS);
  if (fromMinute < toMinute) return days.has(day) && minute >= fromMinute && minute < toMinute;
  return (days.has(day) && minute >= fromMinute) || (days.has((day + 6) % 7) && minute < toMinute);
}

/** `{"timeZone":"Europe/Berlin","from":"22:00","to":"07:00","days":["mon",…],"pass":"critical"}`; every day, and critical passes, unless told. */
export function readQuietHours(value: unknown, where: string, problems: string[]): QuietHours | undefined {
  const fields = new JsonFields(value, where);
  const zoneName = fields.requiredText('timeZone');
  const zone = parseTimeZone(zoneName);
  if (!zone.ok && fields.take('timeZone') !== undefined) fields.problem('timeZone', zone.error);
  const fromMinute = readMinute(fields, 'from');
  const toMinute = readMinute(fields, 'to');
  if (fromMinute === toMinute && fields.take('from') !== undefined)
    fields.problem('to', 'is the same as from: write 00:00 and 24:00 for the whole day');
  if (fromMinute === DAY_MINUTES) fields.problem('from', 'must be before 24:00');
  const days = fields.list('days') ?? DAYS;
  const numbers = DAYS.flatMap((name, day) => (days.includes(name) ? [day] : []));
  if (numbers.length === 0 || numbers.length !== days.length)
    fields.problem('days', `must be a list of some of ${DAYS.join(', ')}, each once`);
  const pass = fields.choice('pass', [...SEVERITIES, 'none']) ?? 'critical';
  const read = fields.finish(undefined);
  if (!read.ok) problems.push(...read.error);
  if (!read.ok || !zone.ok) return undefined;
  return {
    ...{ zone: zone.value, days: new Set(numbers), fromMinute, toMinute },
    pass: pass === 'none' ? undefined : pass,
    text: `${String(fields.take('from'))} to ${String(fields.take('to'))} ${zoneName}`,
  };
}

function readMinute(fields: JsonFields, name: string): number {
  const text = fields.requiredText(name);
  const match = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(text);
  if (match === null && text !== '')
    fields.problem(name, `"${text.slice(0, 20)}" is not a time of day such as 22:00`);
  if (text === '24:00') return DAY_MINUTES;
  return Number(match?.[1] ?? 0) * 60 + Number(match?.[2] ?? 0);
}
