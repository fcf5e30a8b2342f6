import { PRICE_OUTLIER, PRICE_SIGN, TUNABLES } from './catalogue.ts';
import type { InstrumentClass } from './instrument-class.ts';
import type { RuleAction, Tunable } from './tunable.ts';

/** What a document of kind `validation` says of one rule; what is left out stays as it is. */
export interface RuleDocument {
  readonly action?: RuleAction;
  readonly numbers: Readonly<Record<string, number>>;
  readonly sources?: readonly string[];
}

/** A document of kind `validation`, by rule. */
export type RuleDocuments = ReadonlyMap<string, RuleDocument>;

/** One rule as it is in force for a class. */
export interface RuleInForce {
  readonly action: RuleAction;
  /** @throws RangeError for a name that the rule does not have. */
  number(name: string): number;
  readonly sources: ReadonlySet<string>;
}

/** The rules in force for one class of instruments. Immutable: what rules derive from it may be kept beside it. */
export class ClassRules {
  readonly instrumentClass: InstrumentClass;
  /** What the state of streams is kept by, whether the rules that read it are asked or not. */
  readonly outlierSigmas: number;
  readonly outlierMinMove: number;
  readonly allowsNegative: boolean;
  readonly #rules: ReadonlyMap<string, RuleInForce>;

  /** @param documents what was said, the weakest first. */
  constructor(instrumentClass: InstrumentClass, documents: readonly RuleDocuments[]) {
    this.instrumentClass = instrumentClass;
    this.#rules = new Map(
      TUNABLES.map((tunable) => [
        tunable.id,
        inForce(
          tunable,
          instrumentClass,
          documents.flatMap((document) => document.get(tunable.id) ?? []),
        ),
      ]),
    );
    this.outlierSigmas = this.rule(PRICE_OUTLIER).number('sigmas');
    this.outlierMinMove = this.rule(PRICE_OUTLIER).number('minMove');
    this.allowsNegative = this.rule(PRICE_SIGN).number('negative') === 1;
  }

  /** @throws RangeError for a rule that is not in the catalogue. */
  rule(tunable: Tunable): RuleInForce {
    const rule = this.#rules.get(tunable.id);
    if (rule === undefined) throw new RangeError(`${tunable.id} is not in the catalogue of settings`);
    return rule;
  }
}

function inForce(
  tunable: Tunable,
  instrumentClass: InstrumentClass,
  documents: readonly RuleDocument[],
): RuleInForce {
  const numbers = new Map(
    Object.entries(tunable.numbers).map(([name, { value, ofClass }]) => [
      name,
      ofClass?.[instrumentClass] ?? value,
    ]),
  );
  let action = tunable.actionOfClass?.[instrumentClass] ?? tunable.action;
  let sources: ReadonlySet<string> = new Set();
  for (const document of documents) {
    action = document.action ?? action;
    for (const [name, value] of Object.entries(document.numbers)) numbers.set(name, value);
    if (document.sources !== undefined) sources = new Set(document.sources);
  }
  return {
    action,
    sources,
    number: (name) => {
      const value = numbers.get(name);
      if (value === undefined) throw new RangeError(`${tunable.id} has no number ${name}`);
      return value;
    },
  };
}
