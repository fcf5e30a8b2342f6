import type { PriceBasis } from '@tickwell/domain';
import type { MarketRules } from './market-rule.ts';
import type { BatchContext, RuleInfo } from './rule-info.ts';
import type { StreamState } from './stream-state.ts';
import type { VersionWindow } from './version-window.ts';

export type { BatchContext, RuleInfo } from './rule-info.ts';

/** What the versions of a batch's events are judged by, where the kind has versions. */
export interface BatchVersions {
  /** Of the series; asked for only where the batch as a whole breaks no rule. */
  readonly window: () => VersionWindow;
  /** When the batch became known, as its header says. */
  readonly knownAtNs: bigint;
  readonly priceBasis: PriceBasis;
}

/** A rule about the whole batch: when broken, all its events are. */
export interface BatchRule extends RuleInfo {
  /** What is wrong, for people; undefined when nothing is. */
  check(batch: BatchContext): string | undefined;
}

/** A rule that stops an event. */
export interface StoppingRule<C> extends RuleInfo {
  /** Why, for people, with the values; asked for only when broken. */
  explain(columns: C, index: number, stream: StreamState, batch: BatchContext): string;
}

/**
 * A rule about one event of columns `C`. Pure: the columns, the index and what the stream brought before decide. `stream` is the
 * state after the last accepted event; only {@link Kind.remember} changes it.
 */
export interface EventRule<C> extends StoppingRule<C> {
  broken(columns: C, index: number, stream: StreamState, batch: BatchContext): boolean;
}

/** How a kind tells a new version of an event from the one that is there. Identity is the time alone. */
export interface VersionRules<C> {
  /** Everything of an event that makes it differ from an earlier version, but its price basis. */
  readonly values: (columns: C, index: number) => readonly number[];
  readonly unchanged: StoppingRule<C>;
  readonly superseded: StoppingRule<C>;
}

/** One kind of event: its rules, in order (the first broken one decides), and what later events are compared with. */
export interface Kind<C> {
  /** As in quality events: "trades". */
  readonly name: string;
  /** As in reasons: "trade". */
  readonly noun: string;
  readonly batchRules: readonly BatchRule[];
  /** Rules that look at one event; each refuses it. */
  readonly eventRules: readonly EventRule<C>[];
  /** Undefined: an event has one version. */
  readonly versions?: VersionRules<C>;
  /**
   * Rules that compare an event with the one before it; asked only where {@link isNext} says no, and not of a correction. Each stops the event.
   */
  readonly orderRules: readonly EventRule<C>[];
  /** Whether the event is plainly after the last accepted one, so that it breaks no order and repeats nothing. */
  readonly isNext: (columns: C, index: number, stream: StreamState) => boolean;
  /** Rules about what is usual of the market: each does what the instrument's class says. */
  readonly marketRules: MarketRules<C>;
  /** What prices are compared by; NaN where an event has none, or there is none `before`. Undefined: the kind has no prices. */
  readonly priceOf?: (columns: C, index: number, before: number) => number;
  /** Set where events are sent when they happen, so that their times say what the clock of the source does. */
  readonly clockRule?: RuleInfo;
  readonly timeNs: (columns: C, index: number) => bigint;
  /** Takes an accepted event into the state of its stream. */
  readonly remember: (columns: C, index: number, stream: StreamState) => void;
  /** The events at `indexes`, in that order. */
  readonly pick: (columns: C, indexes: readonly number[]) => C;
}
