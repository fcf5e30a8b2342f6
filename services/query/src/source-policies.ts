import type { ConfigEntry, ConfigIndex, ConfigKind } from '@tickwell/config';
import { parseInstrument, type Instrument } from '@tickwell/instruments';
import {
  isPolicy,
  parsePolicy,
  PolicyBook,
  type InstrumentFacts,
  type SourcePolicy,
} from '@tickwell/source-policy';

/** Documents of kind `source`: of policies every field, and no two may come first for one series of one instrument. */
export const SOURCE_KIND: ConfigKind = {
  check: (id, document) => {
    if (!isPolicy(document)) return [];
    const parsed = parsePolicy(id, document);
    return parsed.ok ? [] : parsed.error;
  },
  createIndex: () => new SourcePolicies(),
};

/** The policies there are, and which one serves a series. */
export class SourcePolicies implements ConfigIndex {
  readonly #book = new PolicyBook();

  /** Takes a document of kind `source`, or of kind `instrument`, which rules choose by. */
  apply({ kind, id, deleted, payloadJson }: ConfigEntry): void {
    if (kind === 'source') this.#book.setPolicy(id, deleted ? undefined : policyOf(id, payloadJson));
    if (kind !== 'instrument') return;
    const read = deleted ? undefined : parseInstrument(id, payloadJson);
    this.#book.setInstrument(id, read?.ok === true ? factsOf(read.value) : undefined);
  }

  conflicts(id: string, document: unknown): readonly string[] {
    const parsed = isPolicy(document) ? parsePolicy(id, document) : undefined;
    return parsed?.ok === true ? this.#book.conflicts(parsed.value) : [];
  }

  /** Sources of the series "best" of bars, the preferred first; undefined: no policy says. */
  bestOf(symbol: string, interval: string): readonly string[] | undefined {
    return this.#book.owner({ kind: 'bars', interval }, symbol)?.best;
  }
}

function factsOf({ type, exchange, currency }: Instrument): InstrumentFacts {
  return { type, exchange, currency };
}

function policyOf(id: string, payloadJson: string): SourcePolicy | undefined {
  try {
    const document: unknown = JSON.parse(payloadJson);
    const parsed = isPolicy(document) ? parsePolicy(id, document) : undefined;
    return parsed?.ok === true ? parsed.value : undefined;
  } catch {
    // No JSON: not written through this service.
    return undefined;
  }
}
