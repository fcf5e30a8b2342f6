import type { PriceType } from '@tickwell/domain';
import type { TimeSpan } from './store.ts';

export type FindingSeverity = 'info' | 'warning' | 'error';

/** Something the validator found odd about data that went through. */
export interface StoredFinding {
  readonly symbol: string;
  readonly source: string;
  /** Of the input: "trades", "quotes", "bars", ... */
  readonly kind: string;
  readonly rule: string;
  readonly severity: FindingSeverity;
  readonly message: string;
  readonly knownAtNs: bigint;
  /** Span of event time that it concerns; 0n where it was not kept. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Tells findings of one time apart; lists of equal times are in its order. */
  readonly name: string;
}

/** What is left out matches everything. The span is of `knownAtNs`. */
export interface FindingFilter extends TimeSpan {
  readonly symbol?: string;
  readonly source?: string;
  readonly rule?: string;
  readonly kind?: string;
  /** Not empty. */
  readonly severities?: readonly FindingSeverity[];
}

export interface FindingGroup {
  readonly source: string;
  readonly kind: string;
  readonly rule: string;
  readonly severity: FindingSeverity;
  readonly findings: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Message of one of them. */
  readonly example: string;
}

/** What became of the events of one source and kind: received = accepted + deadLettered + duplicates. */
export interface SourceCounts {
  readonly source: string;
  readonly kind: string;
  readonly received: bigint;
  readonly accepted: bigint;
  readonly deadLettered: bigint;
  readonly duplicates: bigint;
}

export type StoredSourceState = 'up' | 'degraded' | 'down' | 'paced' | 'finished' | 'stopped';

/** What a source said of one of its streams. */
export interface StoredStatus {
  readonly source: string;
  readonly stream: string;
  readonly state: StoredSourceState;
  readonly reason: string;
  readonly timeNs: bigint;
  readonly events: bigint;
  readonly refused: bigint;
}

/** The newest stored event of a series; of bars `eventNs` is the start. */
export interface NewestEvent {
  readonly symbol: string;
  readonly source: string;
  readonly kind: 'trades' | 'quotes' | 'bars';
  /** Of bars; else "". */
  readonly interval: string;
  readonly priceType: PriceType;
  readonly eventNs: bigint;
  readonly knownAtNs: bigint;
  /** The record that brought it, in md.ticks or md.bars. */
  readonly epoch: string;
  readonly recordOffset: bigint;
}

/** Bars of one series within some spans of time, each start once. */
export interface BarCount {
  readonly symbol: string;
  readonly source: string;
  readonly bars: number;
}

/** Reads what the platform says of its own data. Failures reject as those of a HistoryReader do. */
export interface QualityReader {
  /** The newest first; those of one time by name. `after`: the last one of the page before. */
  findings(
    filter: FindingFilter,
    page: { readonly limit: number; readonly after?: Pick<StoredFinding, 'knownAtNs' | 'name'> },
  ): Promise<readonly StoredFinding[]>;
  /** Counts by source, kind, rule and severity, most first; at most `limit`. */
  findingGroups(filter: FindingFilter, limit: number): Promise<readonly FindingGroup[]>;
  /** What was counted between two times, by source, then kind. */
  counts(of: {
    readonly source?: string;
    readonly startNs: bigint;
    readonly endNs: bigint;
  }): Promise<readonly SourceCounts[]>;
  /** Reports in the span by time, ahead of them the newest one before it of every stream that was not over by then; at most `limit`. */
  statuses(of: {
    readonly source?: string;
    readonly startNs: bigint;
    readonly endNs: bigint;
    readonly limit: number;
  }): Promise<readonly StoredStatus[]>;
  /** The newest report of every stream; at most `limit`, the newest first. */
  newestStatuses(of: { readonly source?: string; readonly limit: number }): Promise<readonly StoredStatus[]>;
  /** Of every series, in no order; at most `limit`. */
  newestEvents(limit: number): Promise<readonly NewestEvent[]>;
  /** Of an interval and price type, of series with any: bars whose start is in one of the spans (half-open, in order). */
  barCounts(of: {
    readonly interval: string;
    readonly priceType: PriceType;
    readonly source?: string;
    readonly spans: readonly { readonly startNs: bigint; readonly endNs: bigint }[];
  }): Promise<readonly BarCount[]>;
}
