import type { PackedQuoteRows, PackedTicks, queryV1 } from '@tickwell/contracts';
import type { BarLength } from '@tickwell/domain';
import type { CallSignal } from '../history.ts';
import type { KnownRows } from './as-of.ts';
import type { GetBars } from './many-bars.ts';

/** The calls that the rows of a join come from. */
export interface SeriesCalls {
  readonly getBars: GetBars;
  readonly getTicks: (request: queryV1.GetTicksRequest, call: CallSignal) => AsyncIterable<PackedTicks>;
  readonly getQuotes: (request: queryV1.GetQuotesRequest, call: CallSignal) => AsyncIterable<PackedQuoteRows>;
  readonly getIndicators: (
    request: queryV1.GetIndicatorsRequest,
    call: CallSignal,
  ) => AsyncIterable<queryV1.GetIndicatorsResponse>;
}

/** Which rows of a series to read; 0n leaves a side open. */
export interface RowRange {
  readonly symbol: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Only so many of the newest; 0: all. */
  readonly newest: number;
}

/** One side of a join. */
export interface JoinedSeries {
  readonly symbols: readonly string[];
  /** Of what its rows are, in a sentence. */
  readonly what: string;
  readonly columns: readonly string[];
  /** Undefined: rows are events, known at their time. */
  readonly length: BarLength | undefined;
  readonly read: (range: RowRange, signal: AbortSignal) => AsyncIterable<KnownRows>;
}
