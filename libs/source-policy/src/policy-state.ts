import { holds, parseInstrument, type Instrument } from '@tickwell/instruments';
import { PolicyBook } from './policy-book.ts';
import { isPolicy, parsePolicy, type SourcePolicy } from './policy.ts';

/** A document of the configuration as it is now. */
interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly deleted: boolean;
  readonly payloadJson: string;
  readonly version: bigint;
  readonly position: bigint;
}

interface Known {
  readonly policy: SourcePolicy | undefined;
  readonly version: bigint;
  readonly position: bigint;
}

/** Policies and instruments as the configuration has them now, and which instruments each policy is for. */
export class PolicyState {
  readonly #book = new PolicyBook();
  readonly #policies = new Map<string, Known>();
  readonly #instruments = new Map<string, { readonly instrument: Instrument; isListed: boolean }>();
  readonly #refuse: (id: string, problems: string) => void;

  constructor(refuse: (id: string, problems: string) => void) {
    this.#refuse = refuse;
  }

  /** Takes a document of kind `source` or `instrument`. */
  apply(entry: Entry): void {
    if (entry.kind === 'source') this.#applyPolicy(entry);
    else this.#applyInstrument(entry);
  }

  /** What is not listed at a time (ns since the epoch) fulfils no rule. */
  listed(nowNs: bigint): void {
    for (const [id, known] of this.#instruments) {
      const { listed, type, exchange, currency } = known.instrument;
      const isListed = holds(listed, nowNs);
      if (isListed === known.isListed) continue;
      known.isListed = isListed;
      this.#book.setInstrument(id, isListed ? { type, exchange, currency } : undefined);
    }
  }

  ids(): readonly string[] {
    return [...this.#policies.keys()].sort();
  }

  policy(id: string): SourcePolicy | undefined {
    return this.#policies.get(id)?.policy;
  }

  /** As of {@link listed}. */
  instrumentsOf(id: string): readonly string[] {
    return this.#book.instrumentsOf(id);
  }

  /** "version 3, position 17 of the configuration" */
  versionText(id: string): string {
    const known = this.#policies.get(id);
    return known === undefined
      ? 'it is there no longer'
      : `version ${known.version}, position ${known.position} of the configuration`;
  }

  #applyPolicy({ id, deleted, payloadJson, version, position }: Entry): void {
    const document = deleted ? undefined : documentOf(payloadJson);
    const parsed = isPolicy(document) ? parsePolicy(id, document) : undefined;
    if (parsed?.ok === false) {
      // What is wrong now keeps what was right before: the documents of a kind are checked when they are written.
      this.#refuse(id, parsed.error.join('; '));
      return;
    }
    const policy = parsed?.value;
    if (policy === undefined && !this.#policies.has(id)) return;
    this.#policies.set(id, { policy, version, position });
    this.#book.setPolicy(id, policy);
  }

  #applyInstrument({ id, deleted, payloadJson }: Entry): void {
    this.#instruments.delete(id);
    this.#book.setInstrument(id, undefined);
    const read = deleted ? undefined : parseInstrument(id, payloadJson);
    if (read?.ok === true) this.#instruments.set(id, { instrument: read.value, isListed: false });
  }
}

/** Undefined where it is none: what is in the log was not checked by us. */
export function documentOf(payloadJson: string): unknown {
  try {
    const document: unknown = JSON.parse(payloadJson);
    return document;
  } catch {
    return undefined;
  }
}
