import type { Interval, PriceBasis } from '@tickwell/domain';
import type { StreamState } from './stream-state.ts';
import type { VersionWindow } from './version-window.ts';

/**
 * What a broken rule does. `reject`: the event becomes a dead letter. `duplicate`: it is counted and dropped, because the same
 * event is there already. `flag`: it goes through and a finding says what is odd about it.
 */
type Severity = 'reject' | 'duplicate' | 'flag';

/** What people read about a rule; `docs/validation-rules.md` is generated from it. */
export interface RuleInfo {
  /** Stable: dead letters, findings and dashboards carry it. Never reuse an id for another meaning. */
  readonly id: string;
  readonly severity: Severity;
  readonly description: string;
  /** Numbers the rule was made with, named with their unit. */
  readonly parameters: Readonly<Record<string, number | string>>;
}

/** What the events of one batch have in common. */
export interface BatchContext {
  /** Key of the record. */
  readonly key: string;
  readonly symbol: string;
  readonly source: string;
  /** Stream of the source, as in the cause. */
  readonly origin: string;
  /** What a person calls the stream: a file's name. Undefined where nobody said. */
  readonly streamName: string | undefined;
  /** When the batch became known, ns since the epoch: what "future" is measured against. Part of the log, never a wall clock. */
  readonly referenceNs: bigint;
  /** Bars only; else "". */
  readonly intervalText: string;
  /** Undefined where {@link intervalText} is not an interval. */
  readonly interval: Interval | undefined;
}

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
  /** Rules that look at one event; none is a flag. */
  readonly eventRules: readonly EventRule<C>[];
  /** Undefined: an event has one version. */
  readonly versions?: VersionRules<C>;
  /**
   * Rules that compare an event with the one before it; asked only where {@link isNext} says no, and not of a correction. None is a flag.
   */
  readonly orderRules: readonly EventRule<C>[];
  /** Whether the event is plainly after the last accepted one, so that it breaks no order and repeats nothing. */
  readonly isNext: (columns: C, index: number, stream: StreamState) => boolean;
  /** Findings about events that go through. */
  readonly flagRules: readonly EventRule<C>[];
  readonly timeNs: (columns: C, index: number) => bigint;
  /** Takes an accepted event into the state of its stream. */
  readonly remember: (columns: C, index: number, stream: StreamState) => void;
  /** The events at `indexes`, in that order. */
  readonly pick: (columns: C, indexes: readonly number[]) => C;
}
