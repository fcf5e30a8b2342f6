import {
  differenceClassFromProto,
  differenceClassToProto,
  priceBasisFromProto,
  priceTypeFromProto,
  type events,
  type queryV1,
} from '@tickwell/contracts';
import type { DifferenceClass, PriceBasis, PriceType } from '@tickwell/domain';
import type { CallOptions } from './call-options.ts';

/** What is left out matches everything. Times are ns since the epoch. */
export interface ReconciliationOptions extends CallOptions {
  readonly symbol?: string;
  readonly interval?: string;
  /** Span of starts of bars, half-open. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly classes?: readonly DifferenceClass[];
  /** Has the bar, or has left it out. */
  readonly source?: string;
  /** Also decisions that a later one on the same bar has replaced. */
  readonly history?: boolean;
  readonly limit?: number;
}

/** Why the sources of a bar differ, whose is taken, and why. */
export interface Reconciliation {
  readonly symbol: string;
  readonly interval: string;
  readonly priceType: PriceType;
  /** Id of the policy in force. */
  readonly policy: string;
  /** Start of the bar. */
  readonly startNs: bigint;
  readonly knownAtNs: bigint;
  readonly class: DifferenceClass;
  /** The source whose bar is taken; "": none can be. */
  readonly winner: string;
  readonly reason: string;
  /** It made a version of the bar of the series "reconciled". */
  readonly published: boolean;
  /** What each source says, in the order of the policy. */
  readonly bars: readonly ReconciledBar[];
  readonly missing: readonly string[];
  readonly differences: readonly ReconciledDifference[];
}

export interface ReconciledBar {
  readonly source: string;
  readonly knownAtNs: bigint;
  readonly priceBasis: PriceBasis;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** NaN: the source does not say. */
  readonly volume: number;
}

export interface ReconciledDifference {
  readonly field: string;
  readonly source: string;
  readonly value: number;
  /** The first source of the policy that has the bar. */
  readonly against: string;
  readonly againstValue: number;
  readonly class: DifferenceClass;
}

export function reconciliationsRequest(options: ReconciliationOptions): {
  symbol: string;
  interval: string;
  range: { startNs: bigint; endNs: bigint };
  classes: events.DifferenceClass[];
  source: string;
  history: boolean;
} {
  const { symbol = '', interval = '', startNs = 0n, endNs = 0n, source = '', history = false } = options;
  const classes = (options.classes ?? []).map(differenceClassToProto);
  return { symbol, interval, range: { startNs, endNs }, classes, source, history };
}

export function reconciliationOf(entry: queryV1.ReconciliationEntry): readonly Reconciliation[] {
  const { symbol, interval, policy, decision } = entry;
  if (decision === undefined) return [];
  const { startNs, knownAtNs, winner, reason, published, missing } = decision;
  return [
    {
      symbol,
      interval,
      priceType: priceTypeFromProto(entry.priceType) ?? 'trade',
      policy,
      startNs,
      knownAtNs,
      class: classOf(decision.differenceClass),
      winner,
      reason,
      published,
      bars: decision.bars.map(barOf),
      missing,
      differences: decision.differences.map(differenceOf),
    },
  ];
}

/** A class that a newer server knows is one that this client cannot explain. */
function classOf(of: events.DifferenceClass): DifferenceClass {
  return differenceClassFromProto(of) ?? 'unexplained';
}

function barOf(bar: events.ReconciledBar): ReconciledBar {
  const { source, knownAtNs, open, high, low, close, volume } = bar;
  return {
    source,
    knownAtNs,
    priceBasis: priceBasisFromProto(bar.priceBasis),
    open,
    high,
    low,
    close,
    volume,
  };
}

function differenceOf(difference: events.FieldDifference): ReconciledDifference {
  const { field, source, value, against, againstValue } = difference;
  return { field, source, value, against, againstValue, class: classOf(difference.differenceClass) };
}
