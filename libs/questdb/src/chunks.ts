import type { BarColumns, IndicatorBatch, PackedQuotes, PackedTrades, PriceBasis } from '@tickwell/domain';
import type { StoredIndicators } from '@tickwell/ports';
import { NULL_LONG, type Page, type SelectColumn } from './page.ts';
import { firstOf, follow, numbersOf, RowRange, type Rows } from './row-range.ts';

/** Rows of a chunk. Of ticks more: they are sent as they are, and a message of so many is some 300 KB. */
const CHUNK_ROWS = 4_000;
const TICK_CHUNK_ROWS = 10_000;

/** Columns by domain name. What orders and groups rows is always read. */
export const TRADE_COLUMNS: Readonly<Record<string, SelectColumn>> = {
  price: { name: 'price', sql: 'price', type: 'double' },
  size: { name: 'size', sql: 'size', type: 'double' },
  conditions: { name: 'conditions', sql: 'conditions', type: 'symbol' },
  venue: { name: 'venue', sql: 'venue', type: 'symbol' },
};
export const QUOTE_COLUMNS: Readonly<Record<string, SelectColumn>> = {
  bidPrice: { name: 'bidPrice', sql: 'bid_price', type: 'double' },
  bidSize: { name: 'bidSize', sql: 'bid_size', type: 'double' },
  askPrice: { name: 'askPrice', sql: 'ask_price', type: 'double' },
  askSize: { name: 'askSize', sql: 'ask_size', type: 'double' },
};
export const BAR_COLUMNS: Readonly<Record<string, SelectColumn>> = {
  open: { name: 'open', sql: '"open"', type: 'double' },
  high: { name: 'high', sql: 'high', type: 'double' },
  low: { name: 'low', sql: 'low', type: 'double' },
  close: { name: 'close', sql: '"close"', type: 'double' },
  volume: { name: 'volume', sql: 'volume', type: 'double' },
  vwap: { name: 'vwap', sql: 'vwap', type: 'double' },
  tradeCount: { name: 'tradeCount', sql: 'trade_count', type: 'long' },
  sessionDate: { name: 'sessionDate', sql: 'session_date', type: 'long' },
};

/** The time in ns comes first in every select. */
const TIME: SelectColumn = { name: 't', sql: 'ts', type: 'time' };
const SOURCE: SelectColumn = { name: 'source', sql: 'source', type: 'symbol' };
const KNOWN: SelectColumn = { name: 'known', sql: 'known_at', type: 'time' };
export const TICK_BASE: readonly SelectColumn[] = [
  TIME,
  SOURCE,
  { name: 'seq', sql: 'seq', type: 'long', nullIs: 0n },
];
export const BAR_BASE: readonly SelectColumn[] = [
  TIME,
  SOURCE,
  KNOWN,
  { name: 'basis', sql: 'price_basis', type: 'symbol' },
];
export const INDICATOR_COLUMNS: readonly SelectColumn[] = [
  TIME,
  SOURCE,
  KNOWN,
  { name: 'output', sql: '"output"', type: 'symbol' },
  { name: 'value', sql: 'value', type: 'double' },
  { name: 'warm', sql: 'warm', type: 'boolean' },
];

/** Rows of a page, in the order they are answered. */
export function tickOrder(page: Page): Rows {
  const keys = [...page.varying('source'), page.longs('seq')];
  return isOrdered(page, keys) ? new RowRange(0, page.length) : ordered(page, keys);
}

/** The newest version of each bar: ordered by known time, the last one wins. `untilNs`: the newest known by then, else the first of all. */
export function barOrder(page: Page, untilNs?: bigint): Uint32Array {
  return versionOrder(page, [page.texts('source')], untilNs);
}

/** The same of what is told apart by these columns beside its time. */
export function versionOrder(page: Page, keys: readonly Key[], untilNs?: bigint): Uint32Array {
  const known = page.longs('known');
  const rows = ordered(page, [...keys, known]);
  if (untilNs === undefined) return lastOfEach(page, rows, keys);
  const isSameTime = timeComparer(page);
  const isSame = (a: number | undefined, b: number): boolean =>
    a !== undefined && isSameTime(a, b) && keys.every((key) => key[a] === key[b]);
  // A first version stays whenever it became known, later ones only where that was in time.
  const visible = rows.filter((row, at) => (known[row] ?? 0n) <= untilNs || !isSame(rows[at - 1], row));
  return lastOfEach(page, visible, keys);
}

/** Per row whether it became known after a time: something to tell chunks by. */
export function knownAfter(page: Page, untilNs: bigint | undefined): Uint8Array {
  if (untilNs === undefined) return new Uint8Array(page.length);
  return Uint8Array.from(page.longs('known'), (known) => (known > untilNs ? 1 : 0));
}

/** The newest version of each output of each bar, as of bars. */
export function indicatorOrder(page: Page, untilNs?: bigint): Uint32Array {
  return versionOrder(page, [page.texts('source'), page.texts('output')], untilNs);
}

export type Key = ArrayLike<string | bigint | number | null>;

/** Pages arrive in the order of time; only rows of equal time are sorted. */
function ordered(page: Page, keys: readonly Key[]): Uint32Array {
  const isSameTime = timeComparer(page);
  const rows = new Uint32Array(page.length);
  for (let row = 0; row < rows.length; row += 1) rows[row] = row;
  for (let start = 0; start < rows.length;) {
    let end = start + 1;
    while (end < rows.length && isSameTime(start, end)) end += 1;
    if (end - start > 1) rows.subarray(start, end).sort((a, b) => compareRows(keys, a, b));
    start = end;
  }
  return rows;
}

/** Whether rows of equal time, if there are any, are in order already. */
function isOrdered(page: Page, keys: readonly Key[]): boolean {
  const isSameTime = timeComparer(page);
  for (let row = 1; row < page.length; row += 1)
    if (isSameTime(row - 1, row) && compareRows(keys, row - 1, row) > 0) return false;
  return true;
}

/** Whether two rows are of one time. By halves: a bigint would be made for every look. */
function timeComparer(page: Page): (a: number, b: number) => boolean {
  const { buffer, byteOffset, length } = page.longs('t');
  const halves = new Int32Array(buffer, byteOffset, length * 2);
  return (a, b) => halves[a * 2] === halves[b * 2] && halves[a * 2 + 1] === halves[b * 2 + 1];
}

function compareRows(keys: readonly Key[], a: number, b: number): number {
  for (const key of keys) {
    const left = key[a] ?? '';
    const right = key[b] ?? '';
    if (left < right) return -1;
    if (left > right) return 1;
  }
  return a - b;
}

function lastOfEach(page: Page, rows: Uint32Array, keys: readonly Key[]): Uint32Array {
  const isSameTime = timeComparer(page);
  return rows.filter((row, at) => {
    const next = rows[at + 1];
    return next === undefined || !isSameTime(next, row) || keys.some((key) => key[next] !== key[row]);
  });
}

/** {@link runsOf} of rows that may be a range. */
export function* tickRuns(rows: Rows, alike: readonly Key[]): Generator<Rows> {
  if (!(rows instanceof RowRange) || alike.length > 0) {
    yield* runsOf(numbersOf(rows), alike, TICK_CHUNK_ROWS);
    return;
  }
  for (let start = 0; start < rows.length; start += TICK_CHUNK_ROWS)
    yield rows.slice(start, start + TICK_CHUNK_ROWS);
}

/** Divides rows into chunks: at most so many, and all alike in what a chunk says once. */
export function* runsOf(
  rows: Uint32Array,
  alike: readonly Key[],
  maxRows = CHUNK_ROWS,
): Generator<Uint32Array> {
  for (let start = 0; start < rows.length;) {
    const first = rows[start] ?? 0;
    let end = start + 1;
    const bound = Math.min(rows.length, start + maxRows);
    while (end < bound && alike.every((key) => key[rows[end] ?? 0] === key[first])) end += 1;
    yield rows.subarray(start, end);
    start = end;
  }
}

export function tradesOf(page: Page, rows: Rows, wanted: ReadonlySet<string>): PackedTrades {
  const of = packer(page, rows, wanted);
  return {
    timeNs: of.longs('timeNs', 't'),
    seq: of.longs('seq'),
    price: of.doubles('price'),
    size: of.doubles('size'),
    conditions: wanted.has('conditions') ? optionalTexts(page, 'conditions', rows) : [],
    venue: wanted.has('venue') ? optionalTexts(page, 'venue', rows) : [],
  };
}

export function quotesOf(page: Page, rows: Rows, wanted: ReadonlySet<string>): PackedQuotes {
  const of = packer(page, rows, wanted);
  return {
    timeNs: of.longs('timeNs', 't'),
    seq: of.longs('seq'),
    bidPrice: of.doubles('bidPrice'),
    bidSize: of.doubles('bidSize'),
    askPrice: of.doubles('askPrice'),
    askSize: of.doubles('askSize'),
  };
}

/** Columns of some rows. Rows that follow each other, as most do, are a part of the page and not copied. */
function packer(
  page: Page,
  rows: Rows,
  wanted: ReadonlySet<string>,
): {
  readonly longs: (name: string, column?: string) => BigInt64Array;
  readonly doubles: (name: string) => Float64Array;
} {
  const first = firstOf(rows);
  const isRange = follow(rows);
  const end = first + rows.length;
  return {
    longs: (name, column = name) => {
      if (name !== 'timeNs' && !wanted.has(name)) return new BigInt64Array();
      const values = page.longs(column);
      return isRange
        ? values.subarray(first, end)
        : BigInt64Array.from(numbersOf(rows), (row) => values[row] ?? 0n);
    },
    doubles: (name) => {
      if (!wanted.has(name)) return new Float64Array();
      const values = page.doubles(name);
      return isRange
        ? values.subarray(first, end)
        : Float64Array.from(numbersOf(rows), (row) => values[row] ?? Number.NaN);
    },
  };
}

export function barsOf(page: Page, rows: Uint32Array, wanted: ReadonlySet<string>): BarColumns {
  const price = (name: string): number[] => (wanted.has(name) ? doubles(page, name, rows) : []);
  const optional = (name: string): number[] => {
    if (!wanted.has(name)) return [];
    const values = doubles(page, name, rows);
    return values.every(Number.isNaN) ? [] : values;
  };
  return {
    startNs: longs(page, 't', rows),
    open: price('open'),
    high: price('high'),
    low: price('low'),
    close: price('close'),
    volume: optional('volume'),
    vwap: optional('vwap'),
    tradeCount: wanted.has('tradeCount') ? optionalCounts(page, 'tradeCount', rows) : [],
    sessionDate: wanted.has('sessionDate') ? optionalCounts(page, 'sessionDate', rows) : [],
  };
}

const BASES: ReadonlySet<string> = new Set<PriceBasis>(['unspecified', 'raw', 'split-adjusted', 'all']);

export function basisOf(page: Page, row: number): PriceBasis {
  const text = page.texts('basis')[row] ?? '';
  return isBasis(text) ? text : 'unspecified';
}

function isBasis(text: string): text is PriceBasis {
  return BASES.has(text);
}

/** Rows of one bar: one per output. */
export interface IndicatorPoint {
  readonly timeNs: bigint;
  readonly source: string;
  readonly rows: Uint32Array;
  /** Output names, joined: points alike in them share a chunk. */
  readonly shape: string;
}

export function indicatorPoints(page: Page, rows: Uint32Array): IndicatorPoint[] {
  const times = page.longs('t');
  const sources = page.texts('source');
  const outputs = page.texts('output');
  const points: IndicatorPoint[] = [];
  for (let start = 0; start < rows.length;) {
    const first = rows[start] ?? 0;
    let end = start + 1;
    const same = (row: number): boolean => times[row] === times[first] && sources[row] === sources[first];
    while (end < rows.length && same(rows[end] ?? 0)) end += 1;
    const own = rows.subarray(start, end);
    points.push({
      timeNs: times[first] ?? 0n,
      source: sources[first] ?? '',
      rows: own,
      shape: Array.from(own, (row) => outputs[row] ?? '').join('\n'),
    });
    start = end;
  }
  return points;
}

/** Chunks of points that are alike in source and outputs. */
export function* indicatorChunks(
  page: Page,
  specId: string,
  points: readonly IndicatorPoint[],
): Generator<StoredIndicators> {
  const values = page.doubles('value');
  const warm = page.flags('warm');
  const known = page.longs('known');
  const sources = points.map(({ source }) => source);
  const shapes = points.map(({ shape }) => shape);
  const indexes = Uint32Array.from(points.keys());
  for (const run of runsOf(indexes, [sources, shapes])) {
    const own = points.slice(run[0], (run.at(-1) ?? -1) + 1);
    const first = own[0];
    if (first === undefined) continue;
    const outputs: IndicatorBatch['outputs'] = first.shape
      .split('\n')
      .map((name, at) => ({ name, value: own.map((point) => values[point.rows[at] ?? 0] ?? Number.NaN) }));
    yield {
      source: first.source,
      specId,
      startNs: own.map(({ timeNs }) => timeNs),
      warm: own.map((point) => point.rows.every((row) => warm[row] === true)),
      knownNs: own.map((point) => point.rows.reduce((last, row) => latest(last, known[row]), 0n)),
      outputs,
    };
  }
}

function latest(a: bigint, b = 0n): bigint {
  return b > a ? b : a;
}

export function longs(page: Page, name: string, rows: Uint32Array): bigint[] {
  const values = page.longs(name);
  return Array.from(rows, (row) => {
    const value = values[row] ?? 0n;
    return value === NULL_LONG ? 0n : value;
  });
}

function doubles(page: Page, name: string, rows: Uint32Array): number[] {
  const values = page.doubles(name);
  return Array.from(rows, (row) => values[row] ?? Number.NaN);
}

/** An optional column is empty or full: empty where no row has it. */
function optionalTexts(page: Page, name: string, rows: Rows): string[] {
  if (page.fixedText(name) === null) return [];
  const values = page.texts(name);
  const numbers = numbersOf(rows);
  return numbers.every((row) => values[row] === null) ? [] : Array.from(numbers, (row) => values[row] ?? '');
}

function optionalCounts(page: Page, name: string, rows: Uint32Array): number[] {
  const values = page.longs(name);
  const isNull = rows.every((row) => values[row] === NULL_LONG);
  return isNull ? [] : longs(page, name, rows).map(Number);
}
