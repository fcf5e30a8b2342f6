import type { ConfigEntry, ConfigIndex, ConfigKind } from '@tickwell/config';
import { isPolicy, parsePolicy, type SourcePolicy } from '@tickwell/source-policy';

/** Documents of kind `source`: of policies every field, and no two may serve one series of one instrument. */
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
  readonly #policies = new Map<string, SourcePolicy>();
  /** By {@link keyOf}: the policy. */
  readonly #owners = new Map<string, SourcePolicy>();

  apply({ id, deleted, payloadJson }: ConfigEntry): void {
    const before = this.#policies.get(id);
    this.#policies.delete(id);
    for (const key of before === undefined ? [] : keysOf(before))
      if (this.#owners.get(key) === before) this.#owners.delete(key);
    const policy = deleted ? undefined : policyOf(id, payloadJson);
    if (policy === undefined) return;
    this.#policies.set(id, policy);
    for (const key of keysOf(policy)) this.#owners.set(key, policy);
  }

  conflicts(id: string, document: unknown): readonly string[] {
    const parsed = isPolicy(document) ? parsePolicy(id, document) : undefined;
    if (parsed?.ok !== true) return [];
    const { series, instruments } = parsed.value;
    const others = new Map<string, string[]>();
    for (const symbol of instruments) {
      const owner = this.#owners.get(keyOf(series, symbol))?.id;
      if (owner === undefined || owner === id) continue;
      others.set(owner, [...(others.get(owner) ?? []), symbol]);
    }
    return [...others].map(
      ([owner, symbols]) =>
        `policy ${owner} serves ${series.kind} ${series.interval} of ${symbols.slice(0, 5).join(', ')}${symbols.length > 5 ? ', …' : ''} already: take them out of one of both`,
    );
  }

  /** Sources of the series "best" of bars, the preferred first; undefined: no policy says. */
  bestOf(symbol: string, interval: string): readonly string[] | undefined {
    return this.#owners.get(keyOf({ kind: 'bars', interval }, symbol))?.best;
  }
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

function keysOf({ series, instruments }: SourcePolicy): readonly string[] {
  return instruments.map((symbol) => keyOf(series, symbol));
}

function keyOf({ kind, interval }: SourcePolicy['series'], symbol: string): string {
  return `${kind}|${interval}|${symbol}`;
}
