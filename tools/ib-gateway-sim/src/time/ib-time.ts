/** IB's ways of writing times, both directions (reference §6.3). Instants are ms since the epoch. */
import { NS_PER_MS, err, ok, parseTimeZone, type Result, type TimeZone } from '@tickwell/domain';

const MAX_CACHED_ZONES = 600;
const zones = new Map<string, Result<TimeZone, string>>();

/** Zones by name; "EST" and its kind included, as Intl knows them. */
export function zoneNamed(name: string): Result<TimeZone, string> {
  let zone = zones.get(name);
  if (zone === undefined) {
    if (zones.size >= MAX_CACHED_ZONES) zones.clear();
    zone = parseTimeZone(name);
    zones.set(name, zone);
  }
  return zone;
}

/** A zone of the simulator's own data, which must exist. */
export function knownZone(name: string): TimeZone {
  const zone = zoneNamed(name);
  if (!zone.ok) throw new Error(`the simulated instrument's time zone: ${zone.error}`);
  return zone.value;
}

const two = (value: number): string => String(value).padStart(2, '0');

function wall(timeMs: number, zone: TimeZone): Date {
  return new Date(timeMs + zone.offsetMs(timeMs));
}

/** yyyyMMdd. */
export function dateText(timeMs: number, zone: TimeZone): string {
  const date = wall(timeMs, zone);
  return `${date.getUTCFullYear()}${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}`;
}

function clockText(timeMs: number, zone: TimeZone): string {
  const date = wall(timeMs, zone);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** HH:mm. */
export function hourMinuteText(timeMs: number, zone: TimeZone): string {
  return clockText(timeMs, zone).slice(0, 5);
}

/** "20240108 09:30:00 US/Eastern". */
export function zonedText(timeMs: number, zone: TimeZone): string {
  return `${dateText(timeMs, zone)} ${clockText(timeMs, zone)} ${zone.name}`;
}

/** "20240108  09:30:00": older layouts, two spaces and no zone. */
export function zonelessText(timeMs: number, zone: TimeZone): string {
  return `${dateText(timeMs, zone)}  ${clockText(timeMs, zone)}`;
}

/** "20240108-09:30:00". */
export function dashedText(timeMs: number, zone: TimeZone): string {
  return `${dateText(timeMs, zone)}-${clockText(timeMs, zone)}`;
}

/** "20240108:0930", as trading hours have it. */
export function hoursText(timeMs: number, zone: TimeZone): string {
  return `${dateText(timeMs, zone)}:${clockText(timeMs, zone).replace(':', '').slice(0, 4)}`;
}

/** Midnight of a yyyyMMdd date in a zone. */
export function midnightMs(date: string, zone: TimeZone): number {
  const wallMs = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)));
  return Number(zone.toInstantNs(BigInt(wallMs) * NS_PER_MS) / NS_PER_MS);
}

const DATE_TIME = /^(\d{4})(\d{2})(\d{2})(?:(-|\s+)(\d{1,2}):(\d{2})(?::(\d{2}))?)?(?:\s+(\S.*))?$/;

/**
 * "yyyyMMdd HH:mm:ss zone", "yyyyMMdd HH:mm:ss" (in `defaultZone`), "yyyyMMdd-HH:mm:ss" (UTC), "yyyyMMdd" (midnight at its end is not
 * meant: 00:00:00), and epoch seconds.
 */
export function parseIbTime(text: string, defaultZone: TimeZone): Result<number, string> {
  if (/^\d{9,11}$/.test(text)) return ok(Number(text) * 1000);
  const match = DATE_TIME.exec(text);
  if (match === null) return err(`"${text.slice(0, 40)}" is not yyyyMMdd HH:mm:ss zone`);
  const [, year, month, day, separator, hour, minute, second, zoneName] = match;
  const zone =
    zoneName === undefined
      ? ok(separator === '-' ? knownZone('UTC') : defaultZone)
      : zoneNamed(zoneName.trim());
  if (!zone.ok) return err(zone.error);
  const parts = [hour, minute, second].map((part) => Number(part ?? 0));
  const wallMs = Date.UTC(Number(year), Number(month) - 1, Number(day), parts[0], parts[1], parts[2]);
  const check = new Date(wallMs);
  const valid =
    check.getUTCMonth() === Number(month) - 1 &&
    check.getUTCDate() === Number(day) &&
    check.getUTCHours() === parts[0] &&
    check.getUTCMinutes() === parts[1] &&
    check.getUTCSeconds() === parts[2];
  if (!valid) return err(`"${text.slice(0, 40)}" is not a time of the calendar`);
  return ok(Number(zone.value.toInstantNs(BigInt(wallMs) * NS_PER_MS) / NS_PER_MS));
}
