import { TABLES } from '@tickwell/contracts';
import type { PriceBasis } from '@tickwell/domain';
import type { AsOf, StoredAction } from '@tickwell/ports';
import type { TextRow } from './pg-client.ts';
import type { BoundSql } from './series-select.ts';

const MAX_ROWS = 100_000;

/** The current version of every dividend and split of a symbol, or the one as of a time. */
export async function readActions(
  query: (sql: BoundSql) => Promise<TextRow[]>,
  symbol: string,
  asOf?: AsOf,
): Promise<readonly StoredAction[]> {
  const columns =
    'ts::long, source, kind, amount, currency, split_numerator, split_denominator, price_basis, known_at::long';
  const order = 'ts, source, kind, known_at, record_offset';
  const text = `select ${columns} from ${TABLES.corporateActions.name} where symbol = $1 order by ${order} limit ${MAX_ROWS}`;
  const versions = (await query({ text, values: [symbol] })).map(actionOf);
  // Ordered by when they became known: the last one of each stays.
  const current = new Map<string, StoredAction>();
  for (const action of versions) {
    const key = `${action.exDateNs} ${action.source} ${action.kind}`;
    if (asOf === undefined || isKnown(action, asOf, current.has(key))) current.set(key, action);
  }
  return [...current.values()];
}

/** Known by then; or, where nothing of it was and the ex date was there already, its first version. */
function isKnown(action: StoredAction, { timeNs, strict }: AsOf, hasEarlier: boolean): boolean {
  if (action.exDateNs > timeNs) return false;
  return action.knownAtNs <= timeNs || (!strict && !hasEarlier);
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
