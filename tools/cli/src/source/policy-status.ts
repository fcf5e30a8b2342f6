import { TABLES } from '@tickwell/contracts';
import { parsePolicy, isPolicy, type SourcePolicy } from '@tickwell/source-policy';
import { queryStore, type Cell } from '../store.ts';

/** A source of a policy, and how it is by what was filed last; "" where nothing is yet. */
export interface PolicyStatusRow {
  readonly policy: string;
  readonly series: string;
  readonly source: string;
  readonly role: 'primary' | 'fallback';
  readonly state: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
}

/** Policies among documents of kind `source`. */
export function policiesOf(
  documents: readonly { readonly id: string; readonly payloadJson: string }[],
): readonly SourcePolicy[] {
  return documents.flatMap(({ id, payloadJson }) => {
    const document: unknown = JSON.parse(payloadJson);
    const parsed = isPolicy(document) ? parsePolicy(id, document) : undefined;
    return parsed?.ok === true ? [parsed.value] : [];
  });
}

/** The newest state of every source of every policy. */
export async function readStates(httpUrl: string): Promise<readonly (readonly Cell[])[]> {
  return queryStore(
    httpUrl,
    `select stream, source, state, reason, ts from ${TABLES.sourceStatus.name} where stream ~ '^policy:' latest on ts partition by stream, source`,
  );
}

/** Every source of every policy, in the order of the policy. */
export function policyStatus(
  policies: readonly SourcePolicy[],
  states: readonly (readonly Cell[])[],
): readonly PolicyStatusRow[] {
  const known = new Map(
    states.map(([stream, source, ...rest]) => [`${String(stream)}|${String(source)}`, rest]),
  );
  return policies.flatMap(({ id, series, sources }) =>
    sources.map(({ source }, index): PolicyStatusRow => {
      const [state, reason, since] = known.get(`policy:${id}|${source}`) ?? [];
      return {
        policy: id,
        series: `${series.kind} ${series.interval}`.trim(),
        source,
        role: index === 0 ? 'primary' : 'fallback',
        state: String(state ?? ''),
        reason: String(reason ?? ''),
        since: String(since ?? ''),
      };
    }),
  );
}
