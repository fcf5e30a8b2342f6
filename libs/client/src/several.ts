import { create } from '@bufbuild/protobuf';
import { priceTypeToProto, queryV1 } from '@tickwell/contracts';
import { TickwellError, type PriceType } from '@tickwell/domain';
import type { Channel } from '@tickwell/grpc';
import { callConfig, type CallOptions } from './call-options.ts';
import { wishFields, type IndicatorSeriesOptions } from './indicator-options.ts';
import { resampleFields, type ResampleOptions } from './resample-options.ts';

/** How the bars of a call of several symbols are wanted. */
type Wish = Pick<IndicatorSeriesOptions, 'adjustment' | 'asOfNs' | 'strict'>;

export interface AlignedOptions
  extends CallOptions, Wish, Pick<IndicatorSeriesOptions, 'backAdjustment'>, Omit<ResampleOptions, 'empty'> {
  readonly symbols: readonly string[];
  /** A time, for example "1d". */
  readonly interval: string;
  /** Of the axis; ns since the epoch, of a day and longer dates. Left out: where there are bars. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /** Left out: "best". */
  readonly source?: string;
  readonly priceType?: PriceType;
  /** Of open, high, low, close, volume, vwap, trade_count; left out: close. */
  readonly columns?: readonly string[];
  /** Times of any symbol (outer, unless told), of all that have bars, of the first, or those that the calendar's sessions want. */
  readonly join?: 'outer' | 'inner' | 'left' | 'sessions';
  /** So many rows the last value is carried on where a symbol has none; left out: it is not. */
  readonly fillRows?: number;
  /** For `join: 'sessions'`, and so that nothing is carried from one session into another; left out: that of the first symbol, where it is needed. */
  readonly calendar?: string;
  /** Told of each symbol without a value, and why. */
  readonly onProblem?: (symbol: string, problem: string) => void;
}

/** Some rows of the axis: times, and per symbol and column as many values, NaN where there is none. The columns are the same in every chunk. */
export interface AlignedChunk {
  readonly timeNs: readonly bigint[];
  readonly columns: readonly {
    readonly symbol: string;
    readonly name: string;
    readonly values: readonly number[];
  }[];
}

/** One time: `values[symbol][column]`. */
export interface AlignedRow {
  readonly timeNs: bigint;
  readonly values: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const JOINS = {
  outer: queryV1.AxisJoin.UNSPECIFIED,
  inner: queryV1.AxisJoin.INNER,
  left: queryV1.AxisJoin.LEFT,
  sessions: queryV1.AxisJoin.SESSIONS,
} as const;

const METHODS = queryV1.MarketDataService.method;

export async function* readAligned(channel: Channel, options: AlignedOptions): AsyncGenerator<AlignedChunk> {
  const { symbols, interval, source = '', columns = [], join = 'outer', fillRows = 0 } = options;
  const { startNs = 0n, endNs = 0n, calendar = '', priceType = 'trade' } = options;
  const { resampleFrom, alignment } = resampleFields(options);
  const request = create(queryV1.GetAlignedRequestSchema, {
    symbols: [...symbols],
    ...{ interval, source, fillRows, calendar, resampleFrom, alignment },
    range: { startNs, endNs },
    priceType: priceTypeToProto(priceType),
    columns: [...columns],
    join: JOINS[join],
    ...wishFields(options),
  });
  for await (const answer of channel.stream(METHODS.getAligned, request, callConfig(options))) {
    for (const { symbol, problem } of answer.problems) options.onProblem?.(symbol, problem);
    if (answer.timeNs.length > 0) yield { timeNs: answer.timeNs, columns: answer.columns };
  }
}

export function* alignedRows({ timeNs, columns }: AlignedChunk): Generator<AlignedRow> {
  for (const [row, time] of timeNs.entries()) {
    const values: Record<string, Record<string, number>> = {};
    for (const { symbol, name, values: of } of columns) (values[symbol] ??= {})[name] = of[row] ?? Number.NaN;
    yield { timeNs: time, values };
  }
}

/** One side of an ASOF join. A trade or quote is known at its time, a bar or a value of an indicator when the bar is over. */
export interface AsOfSide extends Wish {
  readonly kind: 'trades' | 'quotes' | 'bars' | 'indicators';
  /** Left out: of bars and indicators "best", of the others every source by time. */
  readonly source?: string;
  /** Of bars and indicators. */
  readonly interval?: string;
  readonly priceType?: PriceType;
  /** Numbers, by their names; left out: price and size of trades, all of quotes, open to close and volume of bars. */
  readonly columns?: readonly string[];
  /** Of indicators; its columns are its outputs. */
  readonly specId?: string;
}

export interface JoinAsOfOptions extends CallOptions {
  readonly left: AsOfSide & {
    readonly kind: 'trades' | 'quotes' | 'bars';
    readonly symbols: readonly string[];
  };
  /** `symbol` left out: that of the left row. */
  readonly right: AsOfSide & { readonly symbol?: string };
  /** Of the left rows: times of trades and quotes, starts of bars. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /** What was known longer before than this is too old; left out: nothing is. */
  readonly toleranceNs?: bigint;
  /** Only what was known before, not at the very instant. */
  readonly strictlyBefore?: boolean;
  /** Of left bars what was known when they began, not when they ended. */
  readonly leftAtStart?: boolean;
  /** Told of each symbol without rows, or for which nothing was found. */
  readonly onProblem?: (symbol: string, problem: string) => void;
}

interface NamedColumn {
  readonly name: string;
  /** NaN where there is no value, or no row was found. */
  readonly values: readonly number[];
}

/** Left rows of one symbol, each with the right row that was found. */
export interface AsOfChunk {
  readonly symbol: string;
  readonly rightSymbol: string;
  readonly timeNs: readonly bigint[];
  /** By when the right row had to be known. */
  readonly atNs: readonly bigint[];
  readonly columns: readonly NamedColumn[];
  /** 0n where none was found; so is when it became known. */
  readonly rightTimeNs: readonly bigint[];
  readonly rightKnownNs: readonly bigint[];
  readonly rightColumns: readonly NamedColumn[];
}

export interface AsOfRow {
  readonly symbol: string;
  readonly timeNs: bigint;
  readonly atNs: bigint;
  readonly left: Readonly<Record<string, number>>;
  /** Undefined: none was known by then, or it was too old. */
  readonly right:
    | { readonly timeNs: bigint; readonly knownNs: bigint; readonly values: Readonly<Record<string, number>> }
    | undefined;
}

const KINDS = {
  trades: queryV1.StreamKind.TRADES,
  quotes: queryV1.StreamKind.QUOTES,
  bars: queryV1.StreamKind.BARS,
  indicators: queryV1.StreamKind.INDICATORS,
} as const;

export async function* readAsOf(channel: Channel, options: JoinAsOfOptions): AsyncGenerator<AsOfChunk> {
  const { left, right, startNs = 0n, endNs = 0n, toleranceNs = 0n, onProblem } = options;
  const { strictlyBefore = false, leftAtStart = false } = options;
  const request = create(queryV1.JoinAsOfRequestSchema, {
    left: { ...sideFields(left), symbols: [...left.symbols] },
    right: { ...sideFields(right), symbols: right.symbol === undefined ? [] : [right.symbol] },
    range: { startNs, endNs },
    ...{ toleranceNs, strictlyBefore, leftAtStart },
  });
  for await (const answer of channel.stream(METHODS.joinAsOf, request, callConfig(options))) {
    if (answer.problem === '') yield answer;
    else onProblem?.(answer.symbol, answer.problem);
  }
}

function sideFields(side: AsOfSide) {
  const { kind, source = '', interval = '', priceType = 'trade', columns = [], specId = '' } = side;
  const { adjustment, asOfNs, strict } = side;
  const wish = wishFields({
    ...(adjustment === undefined ? {} : { adjustment }),
    ...(asOfNs === undefined ? {} : { asOfNs }),
    ...(strict === undefined ? {} : { strict }),
  });
  return {
    ...{ source, interval, specId, ...wish },
    kind: KINDS[kind],
    priceType: priceTypeToProto(priceType),
    columns: [...columns],
  };
}

export function* asOfRows(chunk: AsOfChunk): Generator<AsOfRow> {
  const { symbol, timeNs, atNs, rightTimeNs, rightKnownNs } = chunk;
  if (rightKnownNs.length !== timeNs.length)
    throw new TickwellError(
      'malformed-event',
      `the server joined ${timeNs.length} rows to ${rightKnownNs.length}`,
    );
  for (const [row, time] of timeNs.entries()) {
    const knownNs = rightKnownNs[row] ?? 0n;
    const found = { timeNs: rightTimeNs[row] ?? 0n, knownNs, values: valuesAt(chunk.rightColumns, row) };
    yield {
      symbol,
      timeNs: time,
      atNs: atNs[row] ?? time,
      left: valuesAt(chunk.columns, row),
      right: knownNs === 0n ? undefined : found,
    };
  }
}

function valuesAt(columns: readonly NamedColumn[], row: number): Record<string, number> {
  return Object.fromEntries(columns.map(({ name, values }) => [name, values[row] ?? Number.NaN]));
}
