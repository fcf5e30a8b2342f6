import { err, NS_PER_DAY, NS_PER_MS, ok, parseIsoTime, type Result, type TimeZone } from '@tickwell/domain';
import { showCell, type Cell } from './cells.ts';
import { compilePattern, parseCompact, parseIso, type WallParser } from './time-pattern.ts';

/** How a column of a typed format says time: an instant, or a wall clock without a zone, both as bigint ns. */
export type TimeColumn = 'instant' | 'wall';

/** Reads the times of one input, which are all of one format. */
export interface TimeParser {
  /** The instant, ns since the epoch; undefined: not a time of this file's format. */
  instantNs(cell: Cell): bigint | undefined;
  /** The wall clock, as ns since the epoch of a clock on UTC: its day is the session date. */
  wallNs(cell: Cell): bigint | undefined;
}

export interface TimeOptions {
  /** "auto", "epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "ms-of-day", "iso", "compact", or a pattern such as "DD/MM/YYYY HH:mm:ss". */
  readonly format: string;
  readonly zone: TimeZone;
  readonly baseDate?: string | undefined;
  /** The format's own type of the column, if any. */
  readonly column?: TimeColumn | undefined;
  /** The first time of the input, from which "auto" finds the format once for all rows. */
  readonly sample: Cell;
  /** How messages show a cell; default: as it is. */
  readonly show?: (cell: Cell) => string;
}

/** How many ns one unit of a number is. */
const EPOCH_UNITS: Readonly<Record<string, bigint>> = {
  'epoch-s': 1_000_000_000n,
  'epoch-ms': 1_000_000n,
  'epoch-us': 1000n,
  'epoch-ns': 1n,
};

export function createTimeParser(options: TimeOptions): Result<TimeParser, string> {
  if (options.column === 'instant') return ok(instantParser((cell) => asBigint(cell), options.zone));
  if (options.column === 'wall') {
    return ok({
      instantNs: (cell) => mapDefined(asBigint(cell), (wall) => options.zone.toInstantNs(wall)),
      wallNs: asBigint,
    });
  }
  const format =
    options.format === 'auto' ? detectFormat(options.sample, options.show ?? showCell) : ok(options.format);
  if (!format.ok) return format;
  const unitNs = EPOCH_UNITS[format.value];
  if (unitNs !== undefined) return ok(instantParser((cell) => epochNs(cell, unitNs), options.zone));
  if (format.value === 'ms-of-day') return msOfDay(options.baseDate, options.zone);
  if (format.value === 'iso') return ok(wallParser(parseIso, options.zone));
  if (format.value === 'compact') return ok(wallParser(parseCompact, options.zone));
  const pattern = compilePattern(format.value);
  return pattern.ok ? ok(wallParser(pattern.value, options.zone)) : pattern;
}

function detectFormat(sample: Cell, show: (cell: Cell) => string): Result<string, string> {
  const text = typeof sample === 'string' ? sample.trim() : String(sample);
  if (parseIso(text) !== undefined) return ok('iso');
  if (/^\d{8}$/.test(text) || /^\d{14}$/.test(text) || /^\d{8}[ T-]\d{6}$/.test(text)) {
    const compact = parseCompact(text);
    if (compact !== undefined) return ok('compact');
  }
  if (/^-?\d+(\.\d+)?([eE]\+?\d+)?$/.test(text)) {
    const size = Math.abs(Number(text));
    // Boundaries lie in the year 5138 of the smaller unit and 1973 of the larger.
    if (size < 1e11) return ok('epoch-s');
    if (size < 1e14) return ok('epoch-ms');
    return ok(size < 1e17 ? 'epoch-us' : 'epoch-ns');
  }
  if (/^\d{1,2}\/\d{1,2}\/\d{4}/.test(text)) {
    return err(
      `time ${show(sample)} may be day/month or month/day: say it with a time format, for example "M/D/YYYY" or "DD/MM/YYYY HH:mm"`,
    );
  }
  return err(
    `time ${show(sample)} is in no format known: give a time format of YYYY MM DD HH mm ss S Z, for example "YYYYMMDD HHmmss"`,
  );
}

function instantParser(instantNs: (cell: Cell) => bigint | undefined, zone: TimeZone): TimeParser {
  return {
    instantNs,
    wallNs: (cell) =>
      mapDefined(instantNs(cell), (ns) => ns + BigInt(zone.offsetMs(Number(ns / NS_PER_MS))) * NS_PER_MS),
  };
}

const INTEGER = /^\s*-?\d{1,19}\s*$/;
const DECIMAL = /^\s*(-?)(\d{1,19})\.(\d*)\s*$/;

function epochNs(cell: Cell, unitNs: bigint): bigint | undefined {
  if (typeof cell === 'bigint') return cell * unitNs;
  if (typeof cell === 'string') {
    // Up to 15 digits fit a double exactly, which is the faster way to a bigint.
    if (INTEGER.test(cell)) return (cell.length <= 15 ? BigInt(Number(cell)) : BigInt(cell.trim())) * unitNs;
    const decimal = DECIMAL.exec(cell);
    if (decimal === null) return undefined;
    const digits = unitNs.toString().length - 1;
    const fraction = BigInt((decimal[3] ?? '').slice(0, digits).padEnd(digits, '0') || '0');
    const size = BigInt(decimal[2] ?? '0') * unitNs + fraction;
    return decimal[1] === '-' ? -size : size;
  }
  if (typeof cell !== 'number' || !Number.isFinite(cell)) return undefined;
  const whole = Math.floor(cell);
  // A double holds about a microsecond of today's epoch seconds: round the fraction to what it can say.
  return BigInt(whole) * unitNs + BigInt(Math.round((cell - whole) * 1e6)) * (unitNs / 1_000_000n);
}

function msOfDay(baseDate: string | undefined, zone: TimeZone): Result<TimeParser, string> {
  const day = baseDate === undefined ? undefined : parseIsoTime(baseDate);
  if (day?.ok !== true || day.value % NS_PER_DAY !== 0n) {
    return err('time format ms-of-day needs the day of the file: give baseDate as YYYY-MM-DD');
  }
  const base = day.value;
  const wallNs = (cell: Cell): bigint | undefined => mapDefined(epochNs(cell, NS_PER_MS), (ns) => base + ns);
  return ok({ instantNs: (cell) => mapDefined(wallNs(cell), (wall) => zone.toInstantNs(wall)), wallNs });
}

function wallParser(parse: WallParser, zone: TimeZone): TimeParser {
  const read = (cell: Cell): ReturnType<WallParser> => {
    if (typeof cell === 'string') return parse(cell.trim());
    return typeof cell === 'number' || typeof cell === 'bigint' ? parse(String(cell)) : undefined;
  };
  return {
    instantNs: (cell) => {
      const wall = read(cell);
      if (wall === undefined) return undefined;
      if (wall.offsetMinutes !== undefined) return toNs(wall.ms - wall.offsetMinutes * 60_000, wall.subMsNs);
      return zone.toInstantNs(toNs(wall.ms, wall.subMsNs));
    },
    wallNs: (cell) => {
      const wall = read(cell);
      return wall === undefined ? undefined : toNs(wall.ms, wall.subMsNs);
    },
  };
}

function toNs(ms: number, subMsNs: number): bigint {
  return BigInt(ms) * NS_PER_MS + BigInt(subMsNs);
}

function asBigint(cell: Cell): bigint | undefined {
  return typeof cell === 'bigint' ? cell : undefined;
}

function mapDefined<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}
