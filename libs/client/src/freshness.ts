import { priceTypeFromProto, queryV1 } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import type { CallOptions } from './call-options.ts';

/** `ended`: of an import that is over. `unknown`: no calendar says whether the market was open. */
export type FreshnessState = 'fresh' | 'late' | 'stale' | 'closed' | 'unknown' | 'ended';

/** What is left out matches everything. */
export interface FreshnessOptions extends CallOptions {
  /** At most 10,000. */
  readonly symbols?: readonly string[];
  readonly source?: string;
  readonly kinds?: readonly ('trades' | 'quotes' | 'bars')[];
  /** Of bars. */
  readonly interval?: string;
  readonly states?: readonly FreshnessState[];
  /** Left out: that of each instrument's document. */
  readonly calendar?: string;
  /** Thresholds for every series; left out: by kind and interval (docs/quality.md). */
  readonly lateAfterNs?: bigint;
  readonly staleAfterNs?: bigint;
}

/** The newest event of a series, and whether something should have come since. Times and spans are ns. */
export interface SeriesFreshness {
  readonly symbol: string;
  readonly source: string;
  readonly kind: string;
  /** Of bars; else "". */
  readonly interval: string;
  readonly priceType: PriceType;
  /** Of a bar its start. */
  readonly eventNs: bigint;
  readonly knownAtNs: bigint;
  readonly stored: boolean;
  /** 0n: since when it is stored is not known. */
  readonly storedAtNs: bigint;
  /** From the event (of a bar its end) to now. */
  readonly ageNs: bigint;
  /** The part of it that is overdue; 0n: nothing is. */
  readonly overdueNs: bigint;
  readonly state: FreshnessState;
  readonly lateAfterNs: bigint;
  readonly staleAfterNs: bigint;
  /** "": none is known. */
  readonly calendar: string;
  /** Why it is not fresh. */
  readonly reason: string;
}

export interface FreshnessCount {
  readonly source: string;
  readonly state: FreshnessState;
  readonly series: number;
  readonly newestEventNs: bigint;
}

const FRESHNESS: Readonly<Record<FreshnessState, queryV1.FreshnessState>> = {
  fresh: queryV1.FreshnessState.FRESH,
  late: queryV1.FreshnessState.LATE,
  stale: queryV1.FreshnessState.STALE,
  closed: queryV1.FreshnessState.CLOSED,
  unknown: queryV1.FreshnessState.UNKNOWN,
  ended: queryV1.FreshnessState.ENDED,
};
const STATES = ['fresh', 'late', 'stale', 'closed', 'unknown', 'ended'] as const;

/** Of a request. */
export function freshnessFields(options: FreshnessOptions): {
  symbols: string[];
  kinds: string[];
  states: queryV1.FreshnessState[];
  source: string;
  interval: string;
  calendar: string;
  lateAfterNs: bigint;
  staleAfterNs: bigint;
} {
  const { symbols = [], kinds = [], states = [], source = '', interval = '', calendar = '' } = options;
  const { lateAfterNs = 0n, staleAfterNs = 0n } = options;
  return {
    symbols: [...symbols],
    kinds: [...kinds],
    states: states.map((state) => FRESHNESS[state]),
    source,
    interval,
    calendar,
    lateAfterNs,
    staleAfterNs,
  };
}

export function seriesFreshness(series: queryV1.SeriesFreshness): SeriesFreshness {
  const { symbol, source, kind, interval, priceType, state, calendar, reason } = series;
  const { eventNs, knownAtNs, stored, storedAtNs, ageNs, overdueNs, lateAfterNs, staleAfterNs } = series;
  return {
    ...{ symbol, source, kind, interval, priceType: priceTypeFromProto(priceType) ?? 'trade' },
    ...{ eventNs, knownAtNs, stored, storedAtNs, ageNs, overdueNs, lateAfterNs, staleAfterNs },
    ...{ state: freshnessState(state), calendar, reason },
  };
}

export function freshnessCount(count: queryV1.FreshnessCount): FreshnessCount {
  const { source, state, series, newestEventNs } = count;
  return { source, state: freshnessState(state), series: Number(series), newestEventNs };
}

function freshnessState(state: queryV1.FreshnessState): FreshnessState {
  return STATES.find((one) => FRESHNESS[one] === state) ?? 'unknown';
}
