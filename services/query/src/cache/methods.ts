import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  decodeQuotesResponse,
  decodeTicksResponse,
  encodeQuotesResponse,
  encodeTicksResponse,
  events,
  queryV1,
  type PackedQuoteRows,
  type PackedTicks,
} from '@tickwell/contracts';
import { someQuotes, someTrades } from '@tickwell/domain';
import { sliceColumns, type Slice } from '../chunks.ts';
import type { CallSignal } from '../history.ts';
import type { Block } from './block-grid.ts';

type Read<R, A> = (request: R, call: CallSignal) => AsyncIterable<A>;

/** What all history calls say of the rows they want. */
export interface RowsWanted {
  range?: queryV1.TimeRange | undefined;
  limit: bigint;
  newest: boolean;
  columns: string[];
}

/** Sorted, in ns. */
export type TimesNs = Pick<BigInt64Array, 'at' | 'length'>;

/** A history call, as the cache sees it: R asks, A are messages of rows in order of time. */
export interface ReadMethod<R, A> {
  readonly name: 'bars' | 'ticks' | 'quotes';
  readonly read: Read<R, A>;
  /** Column of the time. */
  readonly timeColumn: string;
  readonly timesNs: (answer: A) => TimesNs;
  readonly slice: (answer: A, part: Slice) => A;
  readonly encodeRequest: (request: R) => Uint8Array;
  readonly encode: (answer: A) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => A;
}

export function barMethod(
  read: Read<queryV1.GetBarsRequest, queryV1.GetBarsResponse>,
): ReadMethod<queryV1.GetBarsRequest, queryV1.GetBarsResponse> {
  return {
    name: 'bars',
    read,
    timeColumn: 'start_ns',
    timesNs: ({ bars }) => bars?.startNs ?? [],
    slice: ({ bars, knownAtNs, ...rest }, part) => ({
      ...rest,
      ...sliceColumns({ knownAtNs }, part),
      bars: sliceColumns(bars ?? create(events.BarColumnsSchema), part),
    }),
    encodeRequest: (request) => toBinary(queryV1.GetBarsRequestSchema, request),
    encode: (answer) => toBinary(queryV1.GetBarsResponseSchema, answer),
    decode: (bytes) => fromBinary(queryV1.GetBarsResponseSchema, bytes),
  };
}

export function tickMethod(
  read: Read<queryV1.GetTicksRequest, PackedTicks>,
): ReadMethod<queryV1.GetTicksRequest, PackedTicks> {
  return {
    name: 'ticks',
    read,
    timeColumn: 'time_ns',
    timesNs: ({ trades }) => trades.timeNs,
    slice: ({ source, trades }, { from, to }) => ({ source, trades: someTrades(trades, from, to) }),
    encodeRequest: (request) => toBinary(queryV1.GetTicksRequestSchema, request),
    encode: encodeTicksResponse,
    decode: decodeTicksResponse,
  };
}

export function quoteMethod(
  read: Read<queryV1.GetQuotesRequest, PackedQuoteRows>,
): ReadMethod<queryV1.GetQuotesRequest, PackedQuoteRows> {
  return {
    name: 'quotes',
    read,
    timeColumn: 'time_ns',
    timesNs: ({ quotes }) => quotes.timeNs,
    slice: ({ source, quotes }, { from, to }) => ({ source, quotes: someQuotes(quotes, from, to) }),
    encodeRequest: (request) => toBinary(queryV1.GetQuotesRequestSchema, request),
    encode: encodeQuotesResponse,
    decode: decodeQuotesResponse,
  };
}

/** The same of another range, from its beginning on. */
export function within<R extends RowsWanted>(request: R, { startNs = 0n, endNs = 0n }: Block, limit = 0): R {
  const range = create(queryV1.TimeRangeSchema, { startNs, endNs });
  return { ...request, range, limit: BigInt(limit), newest: false };
}
