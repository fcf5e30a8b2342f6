import type { Interval } from '@tickwell/domain';
import type { InstrumentSettings } from './settings/settings.ts';

/**
 * What a broken rule does. `reject`: the event becomes a dead letter. `quarantine`: so does it, and a person decides whether it goes
 * through after all. `duplicate`: it is counted and dropped, because the same event is there already. `flag`: it goes through and
 * a finding says what is odd about it. `off`: nothing, until a document of kind `validation` says otherwise.
 */
type Severity = 'reject' | 'quarantine' | 'duplicate' | 'flag' | 'off';

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
  /** When the log took the record, ns since the epoch. */
  readonly loggedNs: bigint;
  /** Bars only; else "". */
  readonly intervalText: string;
  /** Undefined where {@link intervalText} is not an interval. */
  readonly interval: Interval | undefined;
  /** What is in force for the instrument. */
  readonly settings: InstrumentSettings;
  /** A person has sent these events again: nothing keeps them back for a second judgement. */
  readonly isReleased: boolean;
}
