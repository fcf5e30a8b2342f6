import type { BarColumns } from '@tickwell/domain';
import type { InputPlace } from '@tickwell/flow';
import type { BarSeriesName, IndicatorSpec, IndicatorValue } from '@tickwell/indicators';

/** Bars of one series, oldest first. */
export interface HistoryBars {
  readonly bars: BarColumns;
  /** When the version of each became known, ns since the epoch. */
  readonly knownAtNs: readonly bigint[];
}

/** A stretch of starts, ns since the epoch. */
export interface HistorySpan {
  /** After this one; null: from the first there is. */
  readonly afterNs: bigint | null;
  /** Up to and with this one. */
  readonly throughNs: bigint;
  readonly signal: AbortSignal;
}

/** What is stored. Everything rejects with a TickwellError that is retryable where trying later may help. */
export interface History {
  /** Resolves once everything below a place of the flow's input is stored, and everything that was written of `md.indicators` there until now. */
  reached(place: InputPlace, signal: AbortSignal): Promise<void>;
  /** The current version of each bar. */
  bars(series: BarSeriesName, span: HistorySpan): AsyncIterable<HistoryBars>;
  /** Whether any value of a specification is stored. */
  hasValues(series: BarSeriesName, spec: IndicatorSpec, signal: AbortSignal): Promise<boolean>;
  /** The current version of each value of one specification, by its bar's start. */
  values(
    series: BarSeriesName,
    spec: IndicatorSpec,
    span: HistorySpan,
  ): Promise<ReadonlyMap<bigint, IndicatorValue>>;
}
