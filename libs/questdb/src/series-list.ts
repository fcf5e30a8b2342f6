import { TABLES } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import type { StoredSeries } from '@tickwell/ports';
import { queryRefused } from './errors.ts';
import type { TextRow } from './pg-client.ts';
import type { BoundSql } from './series-select.ts';

/** What tells one series from the next, beside symbol and source; NONE where a kind has no such part. */
const NONE = "''";
const KINDS: readonly {
  readonly kind: StoredSeries['kind'];
  readonly table: string;
  readonly parts: readonly [interval: string, priceType: string, specId: string];
}[] = [
  { kind: 'trades', table: TABLES.trades.name, parts: [NONE, NONE, NONE] },
  { kind: 'quotes', table: TABLES.quotes.name, parts: [NONE, NONE, NONE] },
  { kind: 'bars', table: TABLES.bars.name, parts: ['"interval"', 'price_type', NONE] },
  { kind: 'indicators', table: TABLES.indicators.name, parts: ['"interval"', 'price_type', 'spec_id'] },
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
    KINDS.map(async ({ kind, table, parts }) => {
      const rows = await query(seriesSql(table, parts, symbolPrefix, limit));
      return rows.map((row) => storedSeries(kind, row));
    }),
  );
  return lists.flat().sort(bySymbol).slice(0, limit);
}

/** Versions of a bar count once, so they are grouped away first; trades and quotes have none. */
function seriesSql(table: string, parts: readonly string[], prefix: string, limit: number): BoundSql {
  const filter = prefix === '' ? '' : ' where starts_with(symbol, $1)';
  const values = prefix === '' ? [] : [prefix];
  const own = parts.filter((part) => part !== NONE);
  const keys = ['symbol', 'source', ...own, 'ts'].join(', ');
  const from =
    own.length === 0
      ? table + filter
      : `(select ${keys}, count() versions from ${table}${filter} group by ${keys})`;
  const [interval = NONE, priceType = NONE, specId = NONE] = parts;
  const text =
    `select symbol, source, ${interval} iv, ${priceType} pt, ${specId} sp, count() n, min(ts)::long a, max(ts)::long b ` +
    `from ${from} order by symbol, source limit ${limit}`;
  return { text, values };
}

function storedSeries(kind: StoredSeries['kind'], row: TextRow): StoredSeries {
  const [symbol, source, interval, priceType, specId, rows, firstNs, lastNs] = row;
  return {
    kind,
    symbol: symbol ?? '',
    source: source ?? '',
    interval: interval ?? '',
    ...(isPriceType(priceType) ? { priceType } : {}),
    ...(kind === 'indicators' ? { specId: specId ?? '' } : {}),
    rows: Number(rows ?? 0),
    firstNs: BigInt(firstNs ?? 0),
    lastNs: BigInt(lastNs ?? 0),
  };
}

function isPriceType(text: string | null | undefined): text is PriceType {
  return text === 'trade' || text === 'bid' || text === 'ask' || text === 'mid';
}

function bySymbol(a: StoredSeries, b: StoredSeries): number {
  const keyOf = ({ symbol, source, kind, interval, priceType, specId }: StoredSeries): string =>
    [symbol, source, kind, interval, priceType, specId].join('\n');
  const left = keyOf(a);
  const right = keyOf(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
