import type { queryV1 } from '@tickwell/contracts';
import type { Result } from '@tickwell/domain';
import type { ArrowField, ArrowValues } from '@tickwell/ports';
import type { SeriesCalls } from '../align/joined-series.ts';

/** Rows of a table, as columns in the order of its fields. */
export interface FlowBatch {
  readonly rows: number;
  readonly columns: readonly ArrowValues[];
}

/** A table of the flow for one symbol, as it was asked for. */
export interface FlowRead {
  readonly fields: readonly ArrowField[];
  /** Name of the column that is the index. */
  readonly index: string;
  /** What was asked for in JSON with another range, for a part of it. */
  readonly range: queryV1.TimeRange | undefined;
  /** Whether it is all rows of the range that are asked for. */
  readonly isWhole: boolean;
  batches(signal: AbortSignal): AsyncIterable<FlowBatch>;
}

/** A library of the flow: one frame per symbol, read-only. */
export interface FlowTable {
  readonly library: string;
  /** Of stored series: which of them are in it. */
  readonly kind: 'trades' | 'quotes' | 'bars';
  /** Of bars. */
  readonly interval: string;
  /** All fields. */
  readonly fields: readonly ArrowField[];
  open(symbol: string, rest: Readonly<Record<string, unknown>>): Result<FlowRead, string>;
}

export type FlowCalls = Pick<SeriesCalls, 'getBars' | 'getTicks' | 'getQuotes'>;
