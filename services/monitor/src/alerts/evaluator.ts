import {
  alertKey,
  close,
  evaluate,
  nothing,
  observe,
  quietReason,
  silenceReason,
  type AlertBook,
  type AlertEvent,
  type Measurement,
  type Observation,
  type VersionedRule,
} from '@tickwell/alerts';
import { errorMessage } from '@tickwell/domain';
import type { Logger } from '@tickwell/ports';
import type { AlertLog } from './alert-log.ts';

/** Where the values come from that rules watch. */
export interface AlertSources {
  /** One round of asking; answers may be shared among the rules of a round. */
  round(nowNs: bigint, signal: AbortSignal): AlertRound;
}

export interface AlertRound {
  /** Everything a rule may look at; rejects where it cannot be known now. */
  measure(rule: VersionedRule): Promise<readonly Measurement[]>;
}

/** Looks at every rule, round by round, and says what happened. */
export class Evaluator {
  readonly #book: AlertBook;
  readonly #logger: Logger;
  /** Since when conditions have been over, of those that are not over for long enough. */
  readonly #overSinceNs = new Map<string, bigint>();
  /** Rules of which nothing can be known, and why. */
  readonly #problems = new Map<string, string>();

  constructor(book: AlertBook, logger: Logger) {
    this.#book = book;
    this.#logger = logger;
  }

  /** Rules that cannot be evaluated now; their alerts stay as they are. */
  get problems(): ReadonlyMap<string, string> {
    return this.#problems;
  }

  /** What the next records of the log are. */
  async look(log: AlertLog, round: AlertRound, nowNs: bigint): Promise<readonly AlertEvent[]> {
    const events: AlertEvent[] = [];
    const rules = [...this.#book.rules].filter(({ enabled }) => enabled);
    const measurements = await Promise.all(rules.map((rule) => this.#measure(rule, round)));
    for (const [at, rule] of rules.entries()) {
      const measured = measurements[at];
      if (measured !== undefined) events.push(...this.#ofRule(log, rule, observe(rule, measured), nowNs));
    }
    for (const open of log.ledger.open) {
      const rule = this.#book.rule(open.rule);
      if (rule?.enabled === true) continue;
      events.push(close(open, rule === undefined ? 'its rule was deleted' : 'its rule is off', nowNs));
    }
    for (const id of this.#problems.keys())
      if (this.#book.rule(id)?.enabled !== true) this.#problems.delete(id);
    return events;
  }

  #ofRule(
    log: AlertLog,
    rule: VersionedRule,
    seen: ReadonlyMap<string, Observation>,
    nowNs: bigint,
  ): readonly AlertEvent[] {
    const isOfRule = (open: { readonly rule: string }): boolean => open.rule === rule.id;
    const gone = [...log.ledger.open].filter((open) => isOfRule(open) && !seen.has(open.group));
    const observations = [...seen.values(), ...gone.map(({ group }) => nothing(group))];
    return observations.flatMap((observation) => {
      const alert = { rule: rule.id, group: observation.group };
      const key = alertKey(alert);
      const hold =
        silenceReason(this.#book.silences, alert, nowNs) ?? quietReason(rule.quiet, rule.severity, nowNs);
      const open = log.ledger.get(alert);
      const step = { rule, observation, open, overSinceNs: this.#overSinceNs.get(key), nowNs, hold };
      const { event, overSinceNs } = evaluate(step);
      if (overSinceNs === undefined) this.#overSinceNs.delete(key);
      else this.#overSinceNs.set(key, overSinceNs);
      return event === undefined ? [] : [event];
    });
  }

  async #measure(rule: VersionedRule, round: AlertRound): Promise<readonly Measurement[] | undefined> {
    try {
      const measured = await round.measure(rule);
      this.#problems.delete(rule.id);
      return measured;
    } catch (error) {
      const reason = errorMessage(error);
      if (this.#problems.get(rule.id) !== reason)
        this.#logger.warn(
          { rule: rule.id, err: error },
          `alert rule ${rule.id} cannot be evaluated: ${reason}`,
        );
      this.#problems.set(rule.id, reason);
      return undefined;
    }
  }
}
