import { priceTypeToProto, type queryV1 } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import type { CallOptions } from './call-options.ts';

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
    gaps: gaps.map(({ startNs, endNs, missing }) => ({ startNs, endNs, missing: Number(missing) })),
    gapCount: Number(series.gapCount),
  };
}
