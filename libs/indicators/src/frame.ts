import { err, ok, type Result } from '@tickwell/domain';
import { MAX_MAGNITUDE } from './admission.ts';
import type { Columns } from './columns.ts';
import type { IndicatorSpec } from './definition.ts';
import { Engine } from './engine.ts';
import { isSessionDate, type PriceSource } from './input.ts';
import { allIndicators, type Registry } from './registry.ts';
import { at } from './rows.ts';
import { parseSpecList, splitSpecs } from './spec.ts';

/** Bars of one instrument as columns of equal length, in any order; a number that is missing is NaN. */
export interface IndicatorFrame {
  /** Start of the bar, ns since the epoch. */
  readonly timeNs: BigInt64Array;
  readonly open?: Float64Array | undefined;
  readonly high?: Float64Array | undefined;
  readonly low?: Float64Array | undefined;
  readonly close?: Float64Array | undefined;
  /** A volume that is missing counts as 0, as in the flow. */
  readonly volume?: Float64Array | undefined;
  readonly vwap?: Float64Array | undefined;
  /** Date of the session of each row, yyyymmdd, for indicators by session; 0 or NaN where it is missing. */
  readonly sessionDate?: Float64Array | undefined;
}

/** One output of one indicator: a number per row of the frame, NaN where it is not warm. */
export interface IndicatorColumn {
  /** The specification as it was written, of several outputs with that output: `RSI(14)`, `MACD(12,26,9).signal`. */
  readonly name: string;
  readonly values: Float64Array;
}

/** Rows that an indicator did not see, and has no value for. */
export interface SkippedRows {
  /** Of which column or columns; undefined: of all. */
  readonly spec: string | undefined;
  readonly reason: string;
  readonly rows: number;
  /** Index of the first one. */
  readonly first: number;
}

export interface TechnicalIndicators {
  /** In the order of the specifications, each with its outputs. */
  readonly columns: readonly IndicatorColumn[];
  readonly skipped: readonly SkippedRows[];
}

/**
 * Indicators over a frame of bars, by the engine that computes them live: the same bits. Rows are taken in the order of their times and answered in
 * their own; of rows of one time the first counts, and a row without a number that an indicator needs is skipped by that indicator.
 *
 * @param specs `RSI(14), MACD(12,26,9)`. The error names what is wrong with one of them, or the column that one needs and the frame has not.
 */
export function calculateTechnicalIndicators(
  frame: IndicatorFrame,
  specs: string,
  registry: Registry = allIndicators(),
): Result<TechnicalIndicators, string> {
  const parsed = parseSpecList(specs, registry);
  if (!parsed.ok) return err(parsed.errors.map(({ message }) => message).join('; '));
  const names = splitSpecs(specs);
  const missing = parsed.specs.flatMap((spec, index) => missingColumns(frame, spec, names[index] ?? spec.id));
  if (missing.length > 0) return err(missing.join('; '));
  const { order, repeated } = inOrder(frame.timeNs);
  const skipped: SkippedRows[] = [];
  const [first] = repeated;
  if (first !== undefined)
    skipped.push({
      spec: undefined,
      reason: 'repeat the time of a row before',
      rows: repeated.length,
      first,
    });
  const columns = parsed.specs.flatMap((spec, index) => {
    const name = names[index] ?? spec.id;
    const run = new FrameRun(frame, spec, order);
    if (run.skippedRows > 0) {
      const reason = `have no number it can use for ${run.fields.join(', ')}`;
      skipped.push({ spec: name, reason, rows: run.skippedRows, first: run.firstSkipped });
    }
    return spec.outputs.map((output, at) => ({
      name: spec.outputs.length === 1 ? name : `${name}.${output}`,
      values: run.values[at] ?? new Float64Array(0),
    }));
  });
  return ok({ columns, skipped });
}

type Field = 'open' | 'high' | 'low' | 'close' | 'volume' | 'sessionDate';

const FIELDS: Readonly<Record<PriceSource, readonly Field[]>> = {
  open: ['open'],
  high: ['high'],
  low: ['low'],
  close: ['close'],
  volume: ['volume'],
  hl2: ['high', 'low'],
  hlc3: ['high', 'low', 'close'],
  ohlc4: ['open', 'high', 'low', 'close'],
  vwap: ['high', 'low', 'close'],
};

/** What it reads of a bar. */
function fieldsOf(spec: IndicatorSpec): readonly Field[] {
  const { definition, parameters, source, inner } = spec;
  const other = definition.otherSource?.(parameters);
  const fields = new Set<Field>(inner === null ? [] : fieldsOf(inner.spec));
  for (const field of definition.reads) if (field !== 'source') fields.add(field);
  for (const from of [source ?? undefined, other])
    for (const field of from === undefined ? [] : FIELDS[from]) fields.add(field);
  if (spec.needsSession) fields.add('sessionDate');
  return [...fields];
}

function missingColumns(frame: IndicatorFrame, spec: IndicatorSpec, name: string): readonly string[] {
  const missing = fieldsOf(spec).filter((field) => frame[field] === undefined);
  return missing.length === 0 ? [] : [`${name} needs ${missing.join(', ')}, of which there is no column`];
}

interface RowOrder {
  /** Indexes by time, the first of equal times; undefined: as they are. */
  readonly order: Int32Array | undefined;
  /** Indexes of the others of equal times. */
  readonly repeated: readonly number[];
}

function inOrder(timeNs: BigInt64Array): RowOrder {
  const time = (index: number): bigint => timeNs[index] ?? 0n;
  if (isAscending(timeNs)) return { order: undefined, repeated: [] };
  const order = Int32Array.from(timeNs, (_time, index) => index);
  order.sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : a - b));
  const isRepeat = (at: number): boolean => at > 0 && time(order[at] ?? 0) === time(order[at - 1] ?? 0);
  const repeated = Array.from(order.filter((_index, at) => isRepeat(at))).sort((a, b) => a - b);
  return { order: order.filter((_index, at) => !isRepeat(at)), repeated };
}

function isAscending(timeNs: BigInt64Array): boolean {
  return (
    isAscendingSince1970(timeNs) || timeNs.every((time, row) => row === 0 || time > (timeNs[row - 1] ?? 0n))
  );
}

/**
 * Whole numbers from 0 on rise where the doubles of the same bits do. Comparing a million bigints would cost more than all the indicators
 * together. False may also mean that they begin before 1970.
 */
function isAscendingSince1970(timeNs: BigInt64Array): boolean {
  const { buffer, byteOffset, length } = timeNs;
  if ((timeNs[0] ?? 0n) < 0n) return false;
  const bits = new Float64Array(buffer, byteOffset, length);
  for (let row = 1; row < length; row += 1) {
    if (!(at(bits, row) > at(bits, row - 1))) return false;
  }
  return true;
}

/** One indicator over the rows of a frame. */
class FrameRun {
  readonly values: readonly Float64Array[];
  readonly fields: readonly Field[];
  skippedRows = 0;
  firstSkipped = -1;

  constructor(frame: IndicatorFrame, spec: IndicatorSpec, order: Int32Array | undefined) {
    this.fields = fieldsOf(spec);
    const columns = columnsOf(frame, spec);
    const rows = this.#rowsOf(columns, order);
    const count = rows?.length ?? columns.count;
    const out = new Engine(spec).run(rows === undefined ? columns : pickRows(columns, rows));
    this.values = spec.outputs.map((_output, index) => {
      const values = out.subarray(index * count, (index + 1) * count);
      return rows === undefined ? values : spread(values, rows, columns.count);
    });
  }

  /** Indexes of the rows to take, in their order; undefined: all, as they are. */
  #rowsOf(columns: Columns, order: Int32Array | undefined): Int32Array | undefined {
    const refused = refusedRows(columns, this.fields);
    if (refused === undefined) return order;
    const rows = order ?? Int32Array.from({ length: columns.count }, (_row, index) => index);
    const usable = rows.filter((row) => refused[row] === 0);
    this.skippedRows = rows.length - usable.length;
    this.firstSkipped = rows.find((row) => refused[row] === 1) ?? -1;
    return usable;
  }
}

const NONE = new Float64Array(0);

/** What an indicator reads of the frame, unchecked. */
function columnsOf(frame: IndicatorFrame, spec: IndicatorSpec): Columns {
  const { open = NONE, high = NONE, low = NONE, close = NONE, volume = NONE, sessionDate = NONE } = frame;
  return {
    count: frame.timeNs.length,
    startNs: frame.timeNs,
    open,
    high,
    low,
    close,
    volume: fieldsOf(spec).includes('volume') ? withoutHoles(volume) : NONE,
    // The typical price stands for a VWAP that is missing, as in readSource.
    vwap: frame.vwap !== undefined && readsVwap(spec) ? frame.vwap : NONE,
    sessionDate,
  };
}

/** A volume that is missing counts as 0. */
function withoutHoles(volume: Float64Array): Float64Array {
  return volume.some(Number.isNaN) ? volume.map((traded) => (Number.isNaN(traded) ? 0 : traded)) : volume;
}

/** 1 for each row that lacks a number which is read; undefined: there is none. */
function refusedRows(columns: Columns, fields: readonly Field[]): Uint8Array | undefined {
  let refused: Uint8Array | undefined;
  for (const field of [...fields, 'vwap'] as const) {
    const column = columns[field];
    if (isUsable(column, field)) continue;
    refused ??= new Uint8Array(columns.count);
    for (let row = 0; row < column.length; row += 1) {
      if (!isUsableNumber(at(column, row), field)) refused[row] = 1;
    }
  }
  return refused;
}

function isUsable(column: Float64Array, field: Field | 'vwap'): boolean {
  if (field === 'volume' || field === 'sessionDate' || field === 'vwap')
    return column.every((value) => isUsableNumber(value, field));
  for (let row = 0; row < column.length; row += 1) {
    if (!(Math.abs(at(column, row)) <= MAX_MAGNITUDE)) return false;
  }
  return true;
}

function isUsableNumber(value: number, field: Field | 'vwap'): boolean {
  switch (field) {
    case 'sessionDate':
      return isSessionDate(value);
    case 'volume':
      return value >= 0 && value <= MAX_MAGNITUDE;
    case 'vwap':
      return !(Math.abs(value) > MAX_MAGNITUDE);
    default:
      return Math.abs(value) <= MAX_MAGNITUDE;
  }
}

function pickRows(columns: Columns, rows: Int32Array): Columns {
  const pick = (column: Float64Array): Float64Array =>
    column.length === 0 ? column : Float64Array.from(rows, (row) => at(column, row));
  return {
    count: rows.length,
    startNs: BigInt64Array.from(rows, (row) => columns.startNs[row] ?? 0n),
    open: pick(columns.open),
    high: pick(columns.high),
    low: pick(columns.low),
    close: pick(columns.close),
    volume: pick(columns.volume),
    vwap: pick(columns.vwap),
    sessionDate: pick(columns.sessionDate),
  };
}

/** Values back to the places of their rows, NaN elsewhere. */
function spread(values: Float64Array, rows: Int32Array, count: number): Float64Array {
  const all = new Float64Array(count).fill(NaN);
  for (const [index, row] of rows.entries()) all[row] = at(values, index);
  return all;
}

function readsVwap({ definition, parameters, source, inner }: IndicatorSpec): boolean {
  if (source === 'vwap' || definition.otherSource?.(parameters) === 'vwap') return true;
  return inner !== null && readsVwap(inner.spec);
}
