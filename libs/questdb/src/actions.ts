import { TABLES } from '@tickwell/contracts';
import type { PriceBasis } from '@tickwell/domain';
import type { ActionQuery, AsOf, StoredAction } from '@tickwell/ports';
import type { SelectColumn } from './page.ts';
import type { TextRow } from './pg-client.ts';
import { boundSelect, type BoundSql } from './series-select.ts';

const MAX_ROWS = 100_000;
/** As {@link actionOf} reads them. */
const COLUMNS: readonly SelectColumn[] = [
  { name: 't', sql: 'ts::long', type: 'long' },
  { name: 'source', sql: 'source', type: 'symbol' },
  { name: 'kind', sql: 'kind', type: 'symbol' },
  { name: 'amount', sql: 'amount', type: 'double' },
  { name: 'currency', sql: 'currency', type: 'symbol' },
  { name: 'numerator', sql: 'split_numerator', type: 'double' },
  { name: 'denominator', sql: 'split_denominator', type: 'double' },
  { name: 'basis', sql: 'price_basis', type: 'symbol' },
  { name: 'known', sql: 'known_at::long', type: 'long' },
];

/** The current version of every dividend and split of a symbol, or the one as of a time. */
export async function readActions(
  query: (sql: BoundSql) => Promise<TextRow[]>,
  { symbol, before, asOf }: ActionQuery,
): Promise<readonly StoredAction[]> {
  const select = {
    table: TABLES.corporateActions.name,
    columns: COLUMNS,
    where: { symbol },
    ...(before === undefined ? {} : { before }),
  };
  const tail = ` order by ts, source, kind, known_at, record_offset limit ${MAX_ROWS}`;
  const all = { startNs: undefined, endNs: undefined };
  const versions = (await query(boundSelect(select, all, tail))).map(actionOf);
  // Ordered by when they became known: the last one of each stays.
  const current = new Map<string, StoredAction>();
  for (const action of versions) {
    const key = `${action.exDateNs} ${action.source} ${action.kind}`;
    const version = asOf === undefined ? action : versionOf(action, asOf, current.has(key));
    if (version !== undefined) current.set(key, version);
  }
  return [...current.values()];
}

/** What was known by then; or, where nothing of it was and the ex date was there already, its first version. */
function versionOf(
  action: StoredAction,
  { timeNs, strict }: AsOf,
  hasEarlier: boolean,
): StoredAction | undefined {
  if (action.knownAtNs <= timeNs) return action;
  const isFirst = !strict && !hasEarlier && action.exDateNs <= timeNs;
  return isFirst ? { ...action, backfilled: true } : undefined;
}

function actionOf(row: TextRow): StoredAction {
  const [exDate, source, kind, amount, currency, numerator, denominator, basis, knownAt] = row;
  return {
    exDateNs: BigInt(exDate ?? 0),
    source: source ?? '',
    kind: kind === 'split' ? 'split' : 'dividend',
    amount: Number(amount ?? 0),
    currency: currency ?? '',
    splitNumerator: Number(numerator ?? 0),
    splitDenominator: Number(denominator ?? 0),
    priceBasis: basisOf(basis),
    knownAtNs: BigInt(knownAt ?? 0),
  };
}

/** Rows of before the column was there say nothing. */
function basisOf(text: string | null | undefined): PriceBasis {
  return text === 'raw' || text === 'split-adjusted' || text === 'all' ? text : 'unspecified';
}
