import type { InstrumentClass } from './instrument-class.ts';

/**
 * What a broken rule does. `reject` and `quarantine`: the event becomes a dead letter; of a quarantined one a person decides, and
 * may release it. `flag`: it goes through with a finding. `off`: nobody asks.
 */
export const RULE_ACTIONS = ['reject', 'quarantine', 'flag', 'off'] as const;
export type RuleAction = (typeof RULE_ACTIONS)[number];

type OfClass<T> = Partial<Readonly<Record<InstrumentClass, T>>>;

/** A number of a rule that a document of kind `validation` may set. */
export interface RuleNumber {
  /** What it is, with its unit. */
  readonly meaning: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly ofClass?: OfClass<number>;
}

/** What may be said of a rule, and what holds where nothing is. */
export interface Tunable {
  readonly id: string;
  readonly action: RuleAction;
  readonly actionOfClass?: OfClass<RuleAction>;
  /** What `action` may be. */
  readonly actions: readonly RuleAction[];
  readonly numbers: Readonly<Record<string, RuleNumber>>;
  /** Asked only of the sources that a document names. */
  readonly bySource?: true;
}
