import { err, ok, type Result } from '@tickwell/domain';
import type { IndicatorSpec } from './definition.ts';
import { Engine } from './engine.ts';
import { isSessionDate, type IndicatorInput, type PriceSource } from './input.ts';
import { BUILT_IN, type Registry } from './registry.ts';
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
  registry: Registry = BUILT_IN,
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
    const run = new FrameRun(frame, spec);
    run.over(order);
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
  if (timeNs.every((value, index) => index === 0 || value > time(index - 1)))
    return { order: undefined, repeated: [] };
  const order = Int32Array.from(timeNs, (_time, index) => index);
  order.sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : a - b));
  const isRepeat = (at: number): boolean => at > 0 && time(order[at] ?? 0) === time(order[at - 1] ?? 0);
  const repeated = Array.from(order.filter((_index, at) => isRepeat(at))).sort((a, b) => a - b);
  return { order: order.filter((_index, at) => !isRepeat(at)), repeated };
}

/** Beyond it indicators refuse numbers. */
const MAX_MAGNITUDE = 1e100;
const NONE = new Float64Array(0);

/** One indicator over the rows of a frame. */
class FrameRun {
  readonly values: readonly Float64Array[];
  readonly fields: readonly Field[];
  skippedRows = 0;
  firstSkipped = -1;
  readonly #frame: IndicatorFrame;
  readonly #engine: Engine;
  /** Of the whole run: an object a row would cost more than the arithmetic. */
  readonly #bar: Bar;
  readonly #readsTime: boolean;
  readonly #readsVwap: boolean;

  constructor(frame: IndicatorFrame, spec: IndicatorSpec) {
    this.#frame = frame;
    this.fields = fieldsOf(spec);
    this.#engine = new Engine(spec);
    this.values = spec.outputs.map(() => new Float64Array(frame.timeNs.length).fill(NaN));
    const bar = { open: 0, high: 0, low: 0, close: 0, volume: 0, startNs: 0n, sessionDate: 0 };
    this.#bar = frame.vwap === undefined ? bar : { ...bar, vwap: 0 };
    this.#readsTime = readsTime(spec);
    this.#readsVwap = readsVwap(spec);
  }

  over(order: Int32Array | undefined): void {
    const { values } = this;
    const rows = order?.length ?? this.#frame.timeNs.length;
    const engine = this.#engine;
    for (let at = 0; at < rows; at += 1) {
      const index = order === undefined ? at : (order[at] ?? 0);
      if (!this.#read(index)) this.#skip(index);
      else if (engine.run(this.#bar)) {
        for (let output = 0; output < values.length; output += 1) {
          const column = values[output];
          if (column !== undefined) column[index] = engine.output(output);
        }
      }
    }
  }

  #skip(index: number): void {
    if (this.skippedRows === 0) this.firstSkipped = index;
    this.skippedRows += 1;
  }

  /** Fills the bar; false where it lacks a number that is read. */
  #read(index: number): boolean {
    const { open = NONE, high = NONE, low = NONE, close = NONE, volume = NONE } = this.#frame;
    const { vwap, sessionDate = NONE, timeNs } = this.#frame;
    const bar = this.#bar;
    bar.open = open[index] ?? NaN;
    bar.high = high[index] ?? NaN;
    bar.low = low[index] ?? NaN;
    bar.close = close[index] ?? NaN;
    const traded = volume[index] ?? NaN;
    bar.volume = Number.isNaN(traded) ? 0 : traded;
    // The typical price stands for a VWAP that is missing, as in readSource.
    if (vwap !== undefined && this.#readsVwap) {
      bar.vwap = orTypical(vwap[index] ?? NaN, bar);
      if (Math.abs(bar.vwap) > MAX_MAGNITUDE) return false;
    }
    // Times are bigint, and making one of every row would cost more than all the rest.
    bar.sessionDate = sessionDate[index] ?? NaN;
    if (this.#readsTime) bar.startNs = timeNs[index] ?? 0n;
    const { fields } = this;
    for (let at = 0; at < fields.length; at += 1) if (!isUsable(bar, fields[at])) return false;
    return true;
  }
}

type Bar = { -readonly [Name in keyof IndicatorInput]: IndicatorInput[Name] };

function orTypical(vwap: number, { high, low, close }: Bar): number {
  return Number.isNaN(vwap) ? (high + low + close) / 3 : vwap;
}

function isUsable(bar: Bar, field: Field | undefined): boolean {
  switch (field) {
    case 'open':
      return Math.abs(bar.open) <= MAX_MAGNITUDE;
    case 'high':
      return Math.abs(bar.high) <= MAX_MAGNITUDE;
    case 'low':
      return Math.abs(bar.low) <= MAX_MAGNITUDE;
    case 'close':
      return Math.abs(bar.close) <= MAX_MAGNITUDE;
    case 'volume':
      return bar.volume >= 0 && bar.volume <= MAX_MAGNITUDE;
    case 'sessionDate':
      return isSessionDate(bar.sessionDate);
    case undefined:
      return true;
  }
}

function readsVwap({ definition, parameters, source, inner }: IndicatorSpec): boolean {
  if (source === 'vwap' || definition.otherSource?.(parameters) === 'vwap') return true;
  return inner !== null && readsVwap(inner.spec);
}

/** Whether it or one within it begins anew at a time of day. */
function readsTime({ definition, parameters, inner }: IndicatorSpec): boolean {
  return definition.memory(parameters) === 'utc-day' || (inner !== null && readsTime(inner.spec));
}
