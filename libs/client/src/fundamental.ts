import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import type { Fundamental } from '@tickwell/domain';
import type { CallOptions } from './call-options.ts';

/** A value of a period as it is known now, or was at `asOfNs`. */
export interface SourcedFundamental extends Omit<Fundamental, 'position'> {
  readonly symbol: string;
  readonly source: string;
  /** When this version became known, ns since the epoch. */
  readonly knownAtNs: bigint;
  /** Of a read with `asOfNs`: it was not known at that time; this is its first version. */
  readonly backfilled: boolean;
}

export interface FundamentalOptions extends CallOptions {
  /** One, or at most 1,000. */
  readonly symbols: string | readonly string[];
  /** Names that the source gives them, for example "totalRevenue"; left out: all. */
  readonly items?: readonly string[];
  readonly periodType?: 'annual' | 'quarterly' | 'ttm' | 'instant';
  /** Left out: every source. */
  readonly source?: string;
  /** Span of period ends, ns since the epoch, half-open. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /**
   * What was known at this time, ns since the epoch: of each value the newest version of then. Of a period that had ended by then, whose value became
   * known later only, the first version, as `backfilled`: it looks ahead, as figures are published weeks after their period.
   */
  readonly asOfNs?: bigint;
  /** With `asOfNs`: leave out what was not known then. */
  readonly strict?: boolean;
  /** At most so many values; left out: all. */
  readonly limit?: number;
}

/** Of one page. */
export function fundamentalsRequest(
  options: FundamentalOptions,
  page: { readonly limit: number; readonly pageToken: string },
): queryV1.GetFundamentalsRequest {
  const { symbols, items = [], periodType = '', source = '' } = options;
  const { startNs = 0n, endNs = 0n, asOfNs = 0n, strict = false } = options;
  return create(queryV1.GetFundamentalsRequestSchema, {
    symbols: typeof symbols === 'string' ? [symbols] : [...symbols],
    items: [...items],
    periodType,
    source,
    range: { startNs, endNs },
    asOfNs,
    strict,
    ...page,
  });
}

export function sourcedFundamental(message: queryV1.SourcedFundamental): SourcedFundamental {
  const { symbol, source, fundamental, knownAtNs, backfilled } = message;
  const { item = '', periodType = '', periodEndNs = 0n, value = NaN, currency = '' } = fundamental ?? {};
  return { symbol, source, item, periodType, periodEndNs, value, currency, knownAtNs, backfilled };
}
