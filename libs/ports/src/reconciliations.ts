import type { PriceType } from '@tickwell/domain';

/** A decision on a bar whose sources differ, as it is stored. */
export interface StoredReconciliation {
  readonly symbol: string;
  readonly interval: string;
  readonly priceType: PriceType;
  /** Of the bar. */
  readonly startNs: bigint;
  readonly knownAtNs: bigint;
  readonly policy: string;
  /** The decision as JSON: tickwell.events.v1.Reconciliation. */
  readonly detail: string;
}

/** What is left out matches everything. Spans are of starts of bars, half-open. */
export interface ReconciliationFilter {
  readonly symbol?: string;
  readonly interval?: string;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /** Not empty; names of classes as in docs/reconciliation.md. */
  readonly classes?: readonly string[];
  /** Has the bar, or has left it out. */
  readonly source?: string;
  /** Also decisions that a later one on the same bar has replaced. */
  readonly history: boolean;
}

/** Order of lists: the newest bars first, of one time by series, of one bar the newest decision first. */
export interface ReconciliationCursor {
  readonly startNs: bigint;
  /** {@link seriesName} of the last one. */
  readonly series: string;
  readonly knownAtNs: bigint;
}

/** Reads decisions from the store. Failures reject as those of `HistoryReader` do. */
export interface ReconciliationReader {
  list(
    filter: ReconciliationFilter,
    page: { readonly limit: number; readonly after?: ReconciliationCursor },
  ): Promise<readonly StoredReconciliation[]>;
}

/** "AAPL 1d trade" */
export function seriesName({
  symbol,
  interval,
  priceType,
}: Pick<StoredReconciliation, 'symbol' | 'interval' | 'priceType'>): string {
  return `${symbol} ${interval} ${priceType}`;
}
