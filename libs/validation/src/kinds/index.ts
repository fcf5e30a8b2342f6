import type { RuleInfo } from '../rule.ts';
import { BARS } from './bars.ts';
import { ACTIONS, FUNDAMENTALS, PORTFOLIO } from './lists.ts';
import { QUOTES } from './quotes.ts';
import { TRADES } from './trades.ts';

/** The rules of one kind of event, in the order they are asked. */
export interface KindRules {
  readonly name: string;
  readonly batchRules: readonly RuleInfo[];
  readonly eventRules: readonly RuleInfo[];
  readonly versions?: { readonly unchanged: RuleInfo; readonly superseded: RuleInfo };
  readonly orderRules: readonly RuleInfo[];
  readonly marketRules: { readonly all: readonly RuleInfo[] };
  readonly clockRule?: RuleInfo;
}

/** Every kind that is validated. */
export const KINDS: readonly KindRules[] = [TRADES, QUOTES, BARS, FUNDAMENTALS, ACTIONS, PORTFOLIO];

/** Every rule of a kind. */
export function rulesOf(kind: KindRules): readonly RuleInfo[] {
  const { versions, clockRule } = kind;
  const ofVersions = versions === undefined ? [] : [versions.unchanged, versions.superseded];
  const ofClock = clockRule === undefined ? [] : [clockRule];
  const stopping = [...kind.batchRules, ...kind.eventRules, ...ofVersions, ...kind.orderRules];
  return [...stopping, ...kind.marketRules.all, ...ofClock];
}
