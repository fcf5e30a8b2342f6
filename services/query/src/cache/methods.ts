import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
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

/** A history call, as the cache sees it: R asks, A are messages of rows in order of time. */
export interface ReadMethod<R, A> {
  readonly name: 'bars' | 'ticks' | 'quotes';
  readonly read: Read<R, A>;
  /** Column of the time. */
  readonly timeColumn: string;
  readonly timesNs: (answer: A) => readonly bigint[];
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
  read: Read<queryV1.GetTicksRequest, queryV1.GetTicksResponse>,
): ReadMethod<queryV1.GetTicksRequest, queryV1.GetTicksResponse> {
  return {
    name: 'ticks',
    read,
    timeColumn: 'time_ns',
    timesNs: ({ trades }) => trades?.timeNs ?? [],
    slice: ({ trades, ...rest }, part) => ({
      ...rest,
      trades: sliceColumns(trades ?? create(events.TradeColumnsSchema), part),
    }),
    encodeRequest: (request) => toBinary(queryV1.GetTicksRequestSchema, request),
    encode: (answer) => toBinary(queryV1.GetTicksResponseSchema, answer),
    decode: (bytes) => fromBinary(queryV1.GetTicksResponseSchema, bytes),
  };
}

export function quoteMethod(
  read: Read<queryV1.GetQuotesRequest, queryV1.GetQuotesResponse>,
): ReadMethod<queryV1.GetQuotesRequest, queryV1.GetQuotesResponse> {
  return {
    name: 'quotes',
    read,
    timeColumn: 'time_ns',
    timesNs: ({ quotes }) => quotes?.timeNs ?? [],
    slice: ({ quotes, ...rest }, part) => ({
      ...rest,
      quotes: sliceColumns(quotes ?? create(events.QuoteColumnsSchema), part),
    }),
    encodeRequest: (request) => toBinary(queryV1.GetQuotesRequestSchema, request),
    encode: (answer) => toBinary(queryV1.GetQuotesResponseSchema, answer),
    decode: (bytes) => fromBinary(queryV1.GetQuotesResponseSchema, bytes),
  };
}

/** The same of another range, from its beginning on. */
export function within<R extends RowsWanted>(request: R, { startNs = 0n, endNs = 0n }: Block, limit = 0): R {
  const range = create(queryV1.TimeRangeSchema, { startNs, endNs });
  return { ...request, range, limit: BigInt(limit), newest: false };
}
