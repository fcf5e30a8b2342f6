import { err, ok, type Result } from './result.ts';

export const NS_PER_MS = 1_000_000n;
export const NS_PER_SECOND = 1_000_000_000n;
export const NS_PER_DAY = 86_400n * NS_PER_SECOND;

/** Milliseconds since the epoch to nanoseconds; fractions of a millisecond are kept to the microsecond. */
export function msToNs(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * NS_PER_MS + BigInt(Math.round((ms - whole) * 1000)) * 1000n;
}

/** Nanoseconds since the epoch to milliseconds, with the fraction. */
export function nsToMs(ns: bigint): number {
  return Number(ns / NS_PER_MS) + Number(ns % NS_PER_MS) / 1e6;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Parses an ISO 8601 date or date-time to nanoseconds since the epoch. Without an offset it is UTC. Up to nine fractional
 * digits are exact. Impossible dates (2023-02-30) are refused.
 */
export function parseIsoTime(text: string): Result<bigint, string> {
  const match = ISO.exec(text.trim());
  if (match === null) {
    return err(`"${text}" is not a time: write YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS[.fraction][Z|+HH:MM]`);
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? '0'));
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(ms);
  const same =
    back.getUTCMonth() === month - 1 &&
    back.getUTCDate() === day &&
    back.getUTCHours() === hour &&
    minute < 60 &&
    second < 60;
  if (!same) return err(`"${text}" is not a date that exists`);
  const fractionNs = BigInt((match[7] ?? '').padEnd(9, '0'));
  return ok(BigInt(ms) * NS_PER_MS + fractionNs - offsetNs(match[8]));
}

function offsetNs(zone: string | undefined): bigint {
  if (zone === undefined || zone === 'Z') return 0n;
  const sign = zone.startsWith('-') ? -1n : 1n;
  const digits = zone.slice(1).replace(':', '');
  return sign * (BigInt(digits.slice(0, 2)) * 3600n + BigInt(digits.slice(2)) * 60n) * NS_PER_SECOND;
}

/** ISO 8601 in UTC with as many fractional digits as it takes: 3, 6 or 9, or none. */
export function formatNs(ns: bigint): string {
  const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const base = new Date(Number((ns - fraction) / NS_PER_MS)).toISOString().slice(0, 19);
  if (fraction === 0n) return `${base}Z`;
  const digits = fraction.toString().padStart(9, '0');
  return `${base}.${digits.replace(/(000){1,2}$/, '')}Z`;
}

/** The calendar day (UTC) of a time, as the number yyyymmdd. */
export function utcDateNumber(ns: bigint): number {
  const date = new Date(Number(ns / NS_PER_MS));
  return date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}
