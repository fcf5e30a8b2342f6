import { TABLES } from '@tickwell/contracts';
import type { StoredSeries } from '@tickwell/ports';
import { queryRefused } from './errors.ts';
import type { TextRow } from './pg-client.ts';
import type { BoundSql } from './series-select.ts';

const KINDS: readonly {
  readonly kind: StoredSeries['kind'];
  readonly table: string;
  /** What tells one entry from the next, beside symbol, source and time; a bar's versions count once. */
  readonly entry: readonly string[];
}[] = [
  { kind: 'trades', table: TABLES.trades.name, entry: [] },
  { kind: 'quotes', table: TABLES.quotes.name, entry: [] },
  { kind: 'bars', table: TABLES.bars.name, entry: ['price_type'] },
  { kind: 'indicators', table: TABLES.indicators.name, entry: ['price_type', 'spec_id'] },
];
const MAX_SERIES = 100_000;

/** One aggregate per table, merged by symbol. */
export async function readSeries(
  query: (sql: BoundSql) => Promise<TextRow[]>,
  options: { readonly symbolPrefix: string; readonly limit: number },
): Promise<readonly StoredSeries[]> {
  const { symbolPrefix, limit } = options;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_SERIES) {
    throw queryRefused(`limit ${limit} is not a whole number from 1 to ${MAX_SERIES}`);
  }
  if (symbolPrefix.length > 64) throw queryRefused('a symbol prefix has at most 64 characters');
  const lists = await Promise.all(
    KINDS.map(async ({ kind, table, entry }) => {
      const rows = await query(seriesSql(table, entry, symbolPrefix, limit));
      return rows.map((row) => storedSeries(kind, row));
    }),
  );
  return lists.flat().sort(bySymbol).slice(0, limit);
}

function seriesSql(table: string, entry: readonly string[], prefix: string, limit: number): BoundSql {
  const filter = prefix === '' ? '' : ' where starts_with(symbol, $1)';
  const values = prefix === '' ? [] : [prefix];
  const tail = ` order by symbol, source limit ${limit}`;
  if (entry.length === 0) {
    const text = `select symbol, source, '' "interval", count() n, min(ts)::long a, max(ts)::long b from ${table}${filter}`;
    return { text: text + tail, values };
  }
  const keys = ['symbol', 'source', '"interval"', 'ts', ...entry].join(', ');
  const entries = `select ${keys}, count() versions from ${table}${filter} group by ${keys}`;
  const text = `select symbol, source, "interval", count() n, min(ts)::long a, max(ts)::long b from (${entries})`;
  return { text: text + tail, values };
}

function storedSeries(kind: StoredSeries['kind'], row: TextRow): StoredSeries {
  const [symbol, source, interval, rows, firstNs, lastNs] = row;
  return {
    kind,
    symbol: symbol ?? '',
    source: source ?? '',
    interval: interval ?? '',
    rows: Number(rows ?? 0),
    firstNs: BigInt(firstNs ?? 0),
    lastNs: BigInt(lastNs ?? 0),
  };
}

function bySymbol(a: StoredSeries, b: StoredSeries): number {
  const keyOf = ({ symbol, source, kind, interval }: StoredSeries): string =>
    [symbol, source, kind, interval].join('\n');
  const left = keyOf(a);
  const right = keyOf(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
