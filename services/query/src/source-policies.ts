import type { ConfigEntry, ConfigIndex, ConfigKind } from '@tickwell/config';
import {
  factsOfDocument,
  isPolicy,
  parsePolicy,
  PolicyBook,
  policyOfDocument,
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
    if (kind === 'source') this.#book.setPolicy(id, deleted ? undefined : policyOfDocument(id, payloadJson));
    if (kind === 'instrument')
      this.#book.setInstrument(id, deleted ? undefined : factsOfDocument(id, payloadJson));
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
