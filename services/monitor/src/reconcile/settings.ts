import type { ConfigEntry } from '@tickwell/config';
import type { ReconcileRules } from '@tickwell/reconciliation';
import {
  factsOfDocument,
  isInSession,
  PolicyBook,
  policyOfDocument,
  type SourcePolicy,
} from '@tickwell/source-policy';

/** Kinds of documents that {@link ReconcileSettings} are made of. */
export const RECONCILE_KINDS = ['instrument', 'source'] as const;

const NS_PER_MS = 1_000_000n;

/** By what a series is reconciled. */
export interface SeriesSettings {
  readonly policy: string;
  readonly rules: ReconcileRules;
  /** Undefined: the policy names no session. */
  readonly inSession: (startNs: bigint) => boolean | undefined;
}

/** What the policies of one position of the configuration say about reconciliation. */
export class ReconcileSettings {
  readonly #book = new PolicyBook();
  /** Of all policies together: most records are of none, and need no look. */
  readonly #sources = new Set<string>();

  constructor(documents: readonly ConfigEntry[]) {
    for (const { kind, id, payloadJson } of documents) {
      if (kind === 'instrument') this.#book.setInstrument(id, factsOfDocument(id, payloadJson));
      const policy = kind === 'source' ? policyOfDocument(id, payloadJson) : undefined;
      if (policy === undefined) continue;
      this.#book.setPolicy(id, policy);
      for (const source of policy.reconcile?.sources ?? []) this.#sources.add(source);
    }
  }

  /** Whether any policy reconciles bars of a source. */
  concerns(source: string): boolean {
    return this.#sources.has(source);
  }

  /** Undefined: nobody wants the series reconciled. */
  of(symbol: string, interval: string): SeriesSettings | undefined {
    const policy = this.#book.owner({ kind: 'bars', interval }, symbol);
    if (policy?.reconcile === undefined) return undefined;
    return { policy: policy.id, rules: policy.reconcile, inSession: sessionOf(policy) };
  }
}

function sessionOf({ session }: SourcePolicy): SeriesSettings['inSession'] {
  if (session === undefined) return () => undefined;
  return (startNs) => isInSession(session, Number(startNs / NS_PER_MS));
}
