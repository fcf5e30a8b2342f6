import { some } from './machine.ts';
import type { PolicySeries, SourcePolicy } from './policy.ts';
import { isChosen, mayMeet, ruleText, weightOf, type InstrumentFacts } from './selection.ts';

/**
 * Which policy serves a series of an instrument. A policy that names the instrument's id comes before one by a rule, and of rules that hold of
 * it the one that asks for more properties. Two of one rank that may meet are a conflict ({@link PolicyBook.conflicts}), which the configuration
 * service refuses; should there be one all the same, the policy whose id comes first serves. A function of policies and instruments alone, in
 * whatever order they came.
 */
export class PolicyBook {
  readonly #policies = new Map<string, SourcePolicy>();
  readonly #instruments = new Map<string, InstrumentFacts>();
  /** Policies that name an instrument by id, by series and id. */
  readonly #named = new Map<string, Set<SourcePolicy>>();
  /** Policies with a rule, by series. */
  readonly #rules = new Map<string, Set<SourcePolicy>>();

  setPolicy(id: string, policy: SourcePolicy | undefined): void {
    const before = this.#policies.get(id);
    if (before !== undefined) {
      this.#policies.delete(id);
      for (const symbol of before.instruments.ids) drop(this.#named, keyOf(before.series, symbol), before);
      drop(this.#rules, seriesText(before.series), before);
    }
    if (policy === undefined) return;
    this.#policies.set(id, policy);
    for (const symbol of policy.instruments.ids) add(this.#named, keyOf(policy.series, symbol), policy);
    if (policy.instruments.rule !== undefined) add(this.#rules, seriesText(policy.series), policy);
  }

  /** Undefined: the map does not know it (any more). */
  setInstrument(id: string, facts: InstrumentFacts | undefined): void {
    if (facts === undefined) this.#instruments.delete(id);
    else this.#instruments.set(id, facts);
  }

  owner(series: PolicySeries, symbol: string): SourcePolicy | undefined {
    const named = firstOf([...(this.#named.get(keyOf(series, symbol)) ?? [])]);
    if (named !== undefined) return named;
    const facts = this.#instruments.get(symbol);
    if (facts === undefined) return undefined;
    const rules = [...(this.#rules.get(seriesText(series)) ?? [])].flatMap((policy) => {
      const { rule } = policy.instruments;
      return rule !== undefined && isChosen(rule, facts) ? [{ policy, weight: weightOf(rule) }] : [];
    });
    const most = Math.max(...rules.map(({ weight }) => weight));
    return firstOf(rules.flatMap(({ policy, weight }) => (weight === most ? [policy] : [])));
  }

  /** What a policy serves: the ids that it names, then those of its rule by id. */
  instrumentsOf(id: string): readonly string[] {
    const policy = this.#policies.get(id);
    if (policy === undefined) return [];
    const { ids, rule } = policy.instruments;
    const named = new Set(ids);
    const ruled =
      rule === undefined ? [] : [...this.#instruments.keys()].filter((symbol) => !named.has(symbol));
    return [...ids, ...ruled.sort()].filter((symbol) => this.owner(policy.series, symbol) === policy);
  }

  /** Why a policy must not be as it is beside the others: one line for each other that it may meet with the same rank. */
  conflicts(policy: SourcePolicy): readonly string[] {
    const { id, series, instruments } = policy;
    const problems: string[] = [];
    for (const other of this.#policies.values()) {
      if (other.id === id || seriesText(other.series) !== seriesText(series)) continue;
      const theirs = new Set(other.instruments.ids);
      const shared = instruments.ids.filter((symbol) => theirs.has(symbol));
      if (shared.length > 0)
        problems.push(
          `policy ${other.id} serves ${seriesText(series)} of ${some(shared)} already: take them out of one of both`,
        );
      const [mine, rule] = [instruments.rule, other.instruments.rule];
      if (mine === undefined || rule === undefined || !mayMeet(mine, rule)) continue;
      if (weightOf(mine) !== weightOf(rule)) continue;
      problems.push(
        `policy.instruments (${ruleText(mine)}) and policy ${other.id} (${ruleText(rule)}) may both hold of one instrument for ${seriesText(series)}, and neither comes first: ask for one more of type, exchange and currency in one of them, or name ids`,
      );
    }
    return problems;
  }
}

function firstOf(policies: readonly SourcePolicy[]): SourcePolicy | undefined {
  return policies.reduce<SourcePolicy | undefined>(
    (first, policy) => (first === undefined || policy.id < first.id ? policy : first),
    undefined,
  );
}

function add(map: Map<string, Set<SourcePolicy>>, key: string, policy: SourcePolicy): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([policy]));
  else known.add(policy);
}

function drop(map: Map<string, Set<SourcePolicy>>, key: string, policy: SourcePolicy): void {
  const known = map.get(key);
  known?.delete(policy);
  if (known?.size === 0) map.delete(key);
}

function seriesText({ kind, interval }: PolicySeries): string {
  return `${kind} ${interval}`.trim();
}

function keyOf(series: PolicySeries, symbol: string): string {
  return `${seriesText(series)}|${symbol}`;
}
