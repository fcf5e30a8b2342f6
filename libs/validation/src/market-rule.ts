import type { BatchContext, RuleInfo } from './rule-info.ts';
import type { ClassRules, RuleInForce } from './settings/class-rules.ts';
import type { RuleAction, Tunable } from './settings/tunable.ts';
import type { Move } from './market/price-state.ts';
import type { StreamState } from './stream-state.ts';

/** One event as rules about the market see it, before it is remembered. */
export interface MarketEvent<C> {
  readonly columns: C;
  readonly index: number;
  /** Price and time since the last accepted event; the price is NaN where the event has none. */
  readonly move: Move;
  readonly stream: StreamState;
  readonly batch: BatchContext;
}

/** A rule with the numbers of one class built in. */
interface MarketCheck<C> {
  readonly broken: (event: MarketEvent<C>) => boolean;
  /** For people, with the values; asked for only when broken. */
  readonly explain: (event: MarketEvent<C>) => string;
}

/**
 * A rule about what is usual of the market. Pure, as every rule: event, state of the stream and settings decide. What it does when it is
 * broken, and its numbers, are those of the instrument's class.
 */
export interface MarketRule<C> extends RuleInfo {
  readonly tunable: Tunable;
  prepare(rule: RuleInForce, rules: ClassRules): MarketCheck<C>;
}

/** A rule as it is in force: never `off`. */
export interface PreparedRule<C> extends MarketCheck<C> {
  readonly id: string;
  readonly action: Exclude<RuleAction, 'off'>;
}

/** The rules about the market of one kind, and what of them is in force for a class. */
export interface MarketRules<C> {
  readonly all: readonly MarketRule<C>[];
  inForce(rules: ClassRules): readonly PreparedRule<C>[];
}

export function marketRules<C>(all: readonly MarketRule<C>[]): MarketRules<C> {
  const prepared = new WeakMap<ClassRules, readonly PreparedRule<C>[]>();
  return {
    all,
    inForce(rules) {
      const known = prepared.get(rules);
      if (known !== undefined) return known;
      const made = all.flatMap((rule) => prepare(rule, rules));
      prepared.set(rules, made);
      return made;
    },
  };
}

function prepare<C>(rule: MarketRule<C>, rules: ClassRules): readonly PreparedRule<C>[] {
  const found = rules.rule(rule.tunable);
  if (found.action === 'off') return [];
  const { broken, explain } = rule.prepare(found, rules);
  return [{ id: rule.id, action: found.action, broken, explain }];
}

/** What a rule of the catalogue is called, what it does and its numbers, for the documentation. */
export function infoOf(
  tunable: Tunable,
  description: string,
  numbers: RuleInfo['parameters'] = {},
): RuleInfo & { readonly tunable: Tunable } {
  const own = Object.entries(tunable.numbers).map(([name, { value }]) => [name, value] as const);
  return {
    id: tunable.id,
    severity: tunable.action,
    description,
    parameters: { ...Object.fromEntries(own), ...numbers },
    tunable,
  };
}
