import { err, ok, type Result } from '@tickwell/domain';

/** A wall-clock time read from text: ms since the epoch of a clock on UTC, the rest in ns, and the offset where the text says one. */
export interface WallTime {
  readonly ms: number;
  readonly subMsNs: number;
  /** Minutes ahead of UTC; undefined: the text does not say. */
  readonly offsetMinutes: number | undefined;
}

export type WallParser = (text: string) => WallTime | undefined;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TOKEN = /YYYY|MMM|MM|M|DD|D|HH|H|mm|ss|S+|Z/g;
const GROUPS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MMM: '(?<monthName>[A-Za-z]{3})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{2})',
  D: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  H: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  Z: '(?<zone>Z|[+-]\\d{2}:?\\d{2})',
};

/**
 * Compiles a pattern of YYYY M MM MMM D DD H HH mm ss S… (fraction, as many digits) Z (offset); everything else stands for
 * itself. At least year, month and day must occur.
 */
export function compilePattern(pattern: string): Result<WallParser, string> {
  const seen = new Set<string>();
  let expression = '';
  let end = 0;
  for (const match of pattern.matchAll(TOKEN)) {
    const token = match[0];
    const group = GROUPS[token] ?? `(?<fraction>\\d{${token.length}})`;
    const name = /<(\w+)>/.exec(group)?.[1] ?? '';
    if (seen.has(name)) return err(`time format "${pattern}" has ${token} twice`);
    seen.add(name);
    expression += escapeText(pattern.slice(end, match.index)) + group;
    end = match.index + token.length;
  }
  if (!seen.has('year') || !seen.has('day') || !(seen.has('month') || seen.has('monthName'))) {
    return err(`time format "${pattern}" needs at least YYYY, MM (or M, MMM) and DD (or D)`);
  }
  return ok(matcher(new RegExp(`^${expression}${escapeText(pattern.slice(end))}$`)));
}

function escapeText(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function matcher(expression: RegExp): WallParser {
  return (text) => {
    const groups = expression.exec(text)?.groups;
    if (groups === undefined) return undefined;
    const monthName = groups['monthName'];
    const month =
      monthName === undefined ? Number(groups['month']) : MONTHS.indexOf(monthName.toLowerCase()) + 1;
    return wallTime(
      [Number(groups['year']), month, Number(groups['day'])],
      [Number(groups['hour'] ?? 0), Number(groups['minute'] ?? 0), Number(groups['second'] ?? 0)],
      groups['fraction'],
      groups['zone'],
    );
  };
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** ISO 8601 dates and date-times, with a space or T between them, up to nine fractional digits. */
export function parseIso(text: string): WallTime | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  return wallTime(
    [Number(match[1]), Number(match[2]), Number(match[3])],
    [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)],
    match[7],
    match[8],
  );
}

const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:[ T-]?(\d{2}):?(\d{2}):?(\d{2}))?$/;

/** yyyymmdd, with hhmmss after it or not. */
export function parseCompact(text: string): WallTime | undefined {
  const match = COMPACT.exec(text);
  if (match === null) return undefined;
  return wallTime(
    [Number(match[1]), Number(match[2]), Number(match[3])],
    [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)],
    undefined,
    undefined,
  );
}

/** Undefined for a time that does not exist (2023-02-30, 25:00). */
function wallTime(
  date: readonly [number, number, number],
  time: readonly [number, number, number],
  fraction: string | undefined,
  zone: string | undefined,
): WallTime | undefined {
  const [year, month, day] = date;
  const [hour, minute, second] = time;
  // Date.UTC takes years below 100 for 19xx; no market data is that old.
  if (year < 100 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
    return undefined;
  if (day > 28 && day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const digits = (fraction ?? '').padEnd(9, '0');
  return {
    ms: Date.UTC(year, month - 1, day, hour, minute, second) + Number(digits.slice(0, 3)),
    subMsNs: Number(digits.slice(3)),
    offsetMinutes: zoneMinutes(zone),
  };
}

function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  if (zone === 'Z' || zone === 'UTC') return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return zone.startsWith('-') ? -minutes : minutes;
}
