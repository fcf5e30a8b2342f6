import { priceTypeToProto, type queryV1 } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import type { CallOptions } from './call-options.ts';
import { ledgerHole, type LedgerHole } from './hole.ts';

/** What to compare with the sessions of a calendar. Times are ns since the epoch. */
export interface CoverageOptions extends CallOptions {
  /** 1 to 1,000. */
  readonly symbols: readonly string[];
  readonly interval: string;
  readonly startNs: bigint;
  /** Left out: now. Bars that are not over yet are not expected. */
  readonly endNs?: bigint;
  /** Left out: each source that has such bars by itself. "best": what any source of the policy has. */
  readonly source?: string;
  readonly priceType?: PriceType;
  /** Left out: that of each instrument's document. */
  readonly calendar?: string;
  /** Most gaps listed of a series; 100 unless told, at most 1,000. */
  readonly maxGaps?: number;
}

export interface DayCoverage {
  /** Session date, yyyymmdd. */
  readonly date: number;
  readonly expected: number;
  readonly arrived: number;
}

/** Expected bars, none of which is there: from the start of the first to the end of the last. */
export interface CoverageGap {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly missing: number;
  /** What the ledger says of it: why, since when, who was asked. Undefined: it knows nothing. */
  readonly hole: LedgerHole | undefined;
}

/** What a range of bars holds of those that there should be. */
export interface BarsCoverage {
  readonly calendar: string;
  /** Why nothing can be said; else "". */
  readonly problem: string;
  readonly expected: number;
  /** Of the expected ones. */
  readonly arrived: number;
  /** Oldest first, at most 1,000. */
  readonly gaps: readonly CoverageGap[];
  readonly gapCount: number;
}

/** Bars of one symbol and source. */
export interface SeriesCoverage {
  readonly symbol: string;
  /** "": no source has any. */
  readonly source: string;
  readonly calendar: string;
  /** Why nothing can be said; else "". */
  readonly problem: string;
  readonly expected: number;
  /** Of the expected ones. */
  readonly arrived: number;
  /** Bars outside the sessions. */
  readonly outside: number;
  readonly days: readonly DayCoverage[];
  /** Oldest first, at most `maxGaps`. */
  readonly gaps: readonly CoverageGap[];
  readonly gapCount: number;
  /** Holes in the range that were repaired, the newest 100 by start. */
  readonly repaired: readonly LedgerHole[];
}

export function coverageRequest(options: CoverageOptions): {
  symbols: string[];
  interval: string;
  range: { startNs: bigint; endNs: bigint };
  source: string;
  priceType: ReturnType<typeof priceTypeToProto>;
  calendar: string;
  maxGaps: number;
} {
  const { symbols, interval, startNs, endNs = 0n, priceType = 'trade' } = options;
  const { source = '', calendar = '', maxGaps = 0 } = options;
  return {
    symbols: [...symbols],
    interval,
    range: { startNs, endNs },
    source,
    priceType: priceTypeToProto(priceType),
    calendar,
    maxGaps,
  };
}

export function seriesCoverage(series: queryV1.SeriesCoverage): SeriesCoverage {
  const { symbol, source, calendar, problem, days, gaps } = series;
  return {
    symbol,
    source,
    calendar,
    problem,
    expected: Number(series.expected),
    arrived: Number(series.arrived),
    outside: Number(series.outside),
    days: days.map(({ date, expected, arrived }) => ({ date, expected, arrived })),
    gaps: gaps.map(gapOf),
    gapCount: Number(series.gapCount),
    repaired: series.repaired.map(ledgerHole),
  };
}

export function barsCoverage(coverage: queryV1.BarsCoverage): BarsCoverage {
  const { calendar, problem, expected, arrived, gaps, gapCount } = coverage;
  return {
    calendar,
    problem,
    expected: Number(expected),
    arrived: Number(arrived),
    gaps: gaps.map(gapOf),
    gapCount: Number(gapCount),
  };
}

function gapOf({ startNs, endNs, missing, hole }: queryV1.CoverageGap | queryV1.MissingBars): CoverageGap {
  return {
    startNs,
    endNs,
    missing: Number(missing),
    hole: hole === undefined ? undefined : ledgerHole(hole),
  };
}
