import { err, formatNs, msToNs, NS_PER_DAY, ok, parseIsoTime, type Result } from '@tickwell/domain';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const ZONED = /(?:Z|[+-]\d{2}:?\d{2})$/;

/** A moment as a row says it, to ns since the epoch. Strict: what could mean two things is an error, one line with the remedy. */
export function readInstant(value: unknown): Result<bigint, string> {
  if (typeof value === 'bigint') return ok(value);
  if (value instanceof Date) {
    const ms = value.getTime();
    return Number.isNaN(ms) ? err('time is an invalid Date: what was it made of?') : ok(msToNs(ms));
  }
  if (typeof value === 'number')
    return err(`time ${value} is a number without a unit: write new Date(milliseconds), or ns as a bigint`);
  if (typeof value !== 'string')
    return err(`time is ${describe(value)}: write a Date, ns as a bigint, or ISO 8601`);
  const text = value.trim();
  if (DATE.test(text))
    return err(`time "${text}" is a day without a time: give the time with its zone, as ${text}T14:30:00Z`);
  const parsed = parseIsoTime(text);
  if (!parsed.ok) return err(`time ${parsed.error}`);
  if (!ZONED.test(text)) return err(`time "${text}" has no zone: add Z for UTC, or an offset such as -05:00`);
  return parsed;
}

/** A day as a row says it, to midnight UTC of that day. */
export function readDay(value: unknown): Result<bigint, string> {
  if (typeof value === 'string' && DATE.test(value.trim())) {
    const parsed = parseIsoTime(value.trim());
    return parsed.ok ? parsed : err(`time ${parsed.error}`);
  }
  const instant = readInstant(value);
  if (!instant.ok) return instant;
  if (instant.value % NS_PER_DAY === 0n) return instant;
  return err(
    `time ${formatNs(instant.value)} is not the beginning of a day: give the day at the exchange, as "${formatNs(instant.value).slice(0, 10)}"`,
  );
}

export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
}
