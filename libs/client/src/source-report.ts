import { events, priceTypeFromProto, type queryV1 } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import { freshnessCount, type FreshnessCount } from './freshness.ts';

/** `none`: nothing was filed of it, as of what is computed here. */
export type SourceState = 'up' | 'degraded' | 'down' | 'paced' | 'finished' | 'stopped' | 'none';

/** How a source is, and how it was over the range that was asked for. Times and spans are ns. */
export interface SourceReport {
  readonly source: string;
  readonly state: SourceState;
  readonly reason: string;
  /** When that began, as far as the range goes back. */
  readonly sinceNs: bigint;
  /** 0n: nothing was ever reported. */
  readonly reportedAtNs: bigint;
  /** It says up, but has said nothing for too long. */
  readonly silent: boolean;
  /** Share of the watched time in which it was up or degraded; undefined: it was not watched. */
  readonly availability: number | undefined;
  readonly upNs: bigint;
  readonly downNs: bigint;
  readonly outages: number;
  /** received = accepted + deadLettered + duplicates. */
  readonly received: number;
  readonly accepted: number;
  readonly deadLettered: number;
  readonly duplicates: number;
  /** deadLettered / received; undefined: nothing was received. */
  readonly errorRate: number | undefined;
  readonly kinds: readonly KindCounts[];
  /** Of its series now. */
  readonly freshness: readonly FreshnessCount[];
  /** Where it was asked for. */
  readonly completeness: Completeness | undefined;
  readonly streams: readonly StreamReport[];
}

export interface KindCounts {
  /** "trades", "bars", ...; "refused": input that was no event. */
  readonly kind: string;
  readonly received: number;
  readonly accepted: number;
  readonly deadLettered: number;
  readonly duplicates: number;
}

export interface Completeness {
  readonly expected: number;
  readonly arrived: number;
  /** Series of bars that were judged, and that have no calendar. */
  readonly series: number;
  readonly unjudged: number;
  /** arrived / expected; undefined: nothing was expected. */
  readonly share: number | undefined;
  /** The least complete first; at most 20. */
  readonly worst: readonly {
    readonly symbol: string;
    readonly interval: string;
    readonly priceType: PriceType;
    readonly expected: number;
    readonly arrived: number;
  }[];
}

export interface StreamReport {
  readonly stream: string;
  readonly state: SourceState;
  readonly reason: string;
  readonly reportedAtNs: bigint;
  readonly silent: boolean;
  /** Sent, and refused before they could become records, since the stream began. */
  readonly events: number;
  readonly refused: number;
}

const STATES = new Map<events.SourceState, SourceState>([
  [events.SourceState.UP, 'up'],
  [events.SourceState.DEGRADED, 'degraded'],
  [events.SourceState.DOWN, 'down'],
  [events.SourceState.PACED, 'paced'],
  [events.SourceState.FINISHED, 'finished'],
  [events.SourceState.STOPPED, 'stopped'],
]);

export function sourceReport(report: queryV1.SourceReport): SourceReport {
  const { source, reason, sinceNs, reportedAtNs, silent, upNs, downNs, outages } = report;
  return {
    ...{ source, reason, sinceNs, reportedAtNs, silent, upNs, downNs, outages },
    state: sourceState(report.state),
    availability: report.availability,
    ...countsOf(report),
    errorRate: report.errorRate,
    kinds: report.kinds.map((one) => ({ kind: one.kind, ...countsOf(one) })),
    freshness: report.freshness.map(freshnessCount),
    completeness: completenessOf(report.completeness),
    streams: report.streams.map(({ stream, state, events: sent, refused, ...rest }) => ({
      stream,
      state: sourceState(state),
      reason: rest.reason,
      reportedAtNs: rest.reportedAtNs,
      silent: rest.silent,
      events: Number(sent),
      refused: Number(refused),
    })),
  };
}

export function sourceState(state: events.SourceState): SourceState {
  return STATES.get(state) ?? 'none';
}

type Counts<T> = Readonly<Record<'received' | 'accepted' | 'deadLettered' | 'duplicates', T>>;

function countsOf({ received, accepted, deadLettered, duplicates }: Counts<bigint>): Counts<number> {
  return {
    received: Number(received),
    accepted: Number(accepted),
    deadLettered: Number(deadLettered),
    duplicates: Number(duplicates),
  };
}

function completenessOf(completeness: queryV1.Completeness | undefined): Completeness | undefined {
  if (completeness === undefined) return undefined;
  const { expected, arrived, series, unjudged, share, worst } = completeness;
  return {
    expected: Number(expected),
    arrived: Number(arrived),
    series: Number(series),
    unjudged: Number(unjudged),
    share,
    worst: worst.map((one) => ({
      symbol: one.symbol,
      interval: one.interval,
      priceType: priceTypeFromProto(one.priceType) ?? 'trade',
      expected: Number(one.expected),
      arrived: Number(one.arrived),
    })),
  };
}
