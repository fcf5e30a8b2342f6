import { TABLES } from '@tickwell/contracts';
import type { FundamentalQuery, StoredFundamental } from '@tickwell/ports';
import { versionOrder, type Key } from './chunks.ts';
import type { Page, SelectColumn } from './page.ts';
import type { SeriesSelect } from './series-select.ts';

const COLUMNS: readonly SelectColumn[] = [
  { name: 't', sql: 'ts', type: 'time' },
  { name: 'source', sql: 'source', type: 'symbol' },
  { name: 'known', sql: 'known_at', type: 'time' },
  { name: 'item', sql: 'item', type: 'symbol' },
  { name: 'period', sql: 'period_type', type: 'symbol' },
  { name: 'value', sql: 'value', type: 'double' },
  { name: 'currency', sql: 'currency', type: 'symbol' },
];

/** A period that had ended by the time may have become known at any time. */
export function fundamentalSelect(query: FundamentalQuery): SeriesSelect {
  const { symbol, source, items, periodType, before, asOf } = query;
  const closedNs = asOf === undefined || asOf.strict ? 0n : asOf.timeNs + 1n;
  return {
    table: TABLES.fundamentals.name,
    columns: COLUMNS,
    where: {
      symbol,
      ...(source === undefined ? {} : { source }),
      ...(items === undefined ? {} : { item: items }),
      ...(periodType === undefined ? {} : { period_type: periodType }),
    },
    entryKeys: ['source', 'item', 'period_type'],
    ...(before === undefined ? {} : { before }),
    ...(asOf === undefined ? {} : { known: { untilNs: asOf.timeNs, closedNs } }),
  };
}

/** Rows of a page in the order of the answer, of each value one version. */
export function fundamentalOrder(page: Page, untilNs: bigint | undefined): Uint32Array {
  const keys: readonly Key[] = [page.texts('source'), page.texts('item'), page.texts('period')];
  return versionOrder(page, keys, untilNs);
}

export function fundamentalsOf(
  page: Page,
  rows: Uint32Array,
  untilNs: bigint | undefined,
): readonly StoredFundamental[] {
  const times = page.longs('t');
  const known = page.longs('known');
  const [sources, items, periods, currencies] = ['source', 'item', 'period', 'currency'].map((name) =>
    page.texts(name),
  );
  const values = page.doubles('value');
  return Array.from(rows, (row) => {
    const knownAtNs = known[row] ?? 0n;
    return {
      source: sources?.[row] ?? '',
      item: items?.[row] ?? '',
      periodType: periods?.[row] ?? '',
      periodEndNs: times[row] ?? 0n,
      value: values[row] ?? Number.NaN,
      currency: currencies?.[row] ?? '',
      knownAtNs,
      ...(untilNs !== undefined && knownAtNs > untilNs ? { backfilled: true as const } : {}),
    };
  });
}
