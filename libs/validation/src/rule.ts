import type { Interval } from '@tickwell/domain';
import type { StreamState } from './stream-state.ts';

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

/** A rule about the whole batch: when broken, all its events are. */
export interface BatchRule extends RuleInfo {
  /** What is wrong, for people; undefined when nothing is. */
  check(batch: BatchContext): string | undefined;
}

/**
 * A rule about one event of columns `C`. Pure: the columns, the index and what the stream brought before decide. `stream` is the
 * state after the last accepted event; only {@link Kind.remember} changes it.
 */
export interface EventRule<C> extends RuleInfo {
  broken(columns: C, index: number, stream: StreamState, batch: BatchContext): boolean;
  /** Why, for people, with the values; asked for only when broken. */
  explain(columns: C, index: number, stream: StreamState, batch: BatchContext): string;
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
  /** Rules that compare an event with the one before it; asked only where {@link isNext} says no. None is a flag. */
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
