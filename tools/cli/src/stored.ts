import { TABLES } from '@tickwell/contracts';
import { queryStore, type Cell } from './store.ts';

export interface StoredSeries {
  readonly kind: 'trades' | 'quotes' | 'bars' | 'indicators';
  readonly symbol: string;
  readonly source: string;
  readonly interval: string;
  readonly specId: string;
  readonly rows: number;
}

/** What the validator counted for one series, since its first event. */
export interface QualityCounts {
  readonly symbol: string;
  readonly source: string;
  /** As the validator names it; "refused" is input that ingest could not read. */
  readonly kind: string;
  readonly received: number;
  readonly accepted: number;
  readonly deadLettered: number;
  readonly duplicates: number;
}

/** Trades, quotes and bars that are stored of these sources, each counted once whatever versions of it there are. */
export async function storedEvents(httpUrl: string, sources: readonly string[]): Promise<number> {
  const where = `where source in (${sources.map(quoted).join(', ')})`;
  const bars = `(select distinct symbol, source, interval, price_type, ts from ${TABLES.bars.name} ${where})`;
  const counts = [
    ...[TABLES.trades, TABLES.quotes].map(({ name }) => `select count() from ${name} ${where}`),
    `select count() from ${bars}`,
  ].map(async (sql) => Number((await queryStore(httpUrl, sql))[0]?.[0] ?? 0));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** What is stored of these sources, series by series, each event counted once whatever versions of it there are. */
export async function storedSeries(
  httpUrl: string,
  sources: readonly string[],
): Promise<readonly StoredSeries[]> {
  const where = `where source in (${sources.map(quoted).join(', ')})`;
  const ticks = (['trades', 'quotes'] as const).map(async (kind) => {
    const table = TABLES[kind].name;
    const rows = await queryStore(
      httpUrl,
      `select symbol, source, '', '', count() from ${table} ${where} order by 1, 2`,
    );
    return rows.map((row) => series(kind, row));
  });
  const bars = queryStore(
    httpUrl,
    `select symbol, source, interval, '', count() from (select distinct symbol, source, interval, price_type, ts from ${TABLES.bars.name} ${where}) order by 1, 2, 3`,
  );
  const indicators = queryStore(
    httpUrl,
    `select symbol, source, interval, spec_id, count() from (select distinct symbol, source, interval, price_type, spec_id, ts from ${TABLES.indicators.name} ${where}) order by 1, 2, 3, 4`,
  );
  return [
    ...(await Promise.all(ticks)).flat(),
    ...(await bars).map((row) => series('bars', row)),
    ...(await indicators).map((row) => series('indicators', row)),
  ];
}

/** Counts only grow, so the greatest are the newest. */
export async function qualityCounts(
  httpUrl: string,
  sources: readonly string[],
): Promise<readonly QualityCounts[]> {
  const rows = await queryStore(
    httpUrl,
    `select symbol, source, kind, max(received), max(accepted), max(dead_lettered), max(duplicates) from ${TABLES.quality.name} ` +
      `where source in (${sources.map(quoted).join(', ')}) and received is not null order by 1, 2, 3`,
  );
  return rows.map(([symbol, source, kind, received, accepted, deadLettered, duplicates]) => ({
    symbol: String(symbol ?? ''),
    source: String(source ?? ''),
    kind: String(kind ?? ''),
    received: Number(received),
    accepted: Number(accepted),
    deadLettered: Number(deadLettered),
    duplicates: Number(duplicates),
  }));
}

/** Dead letters of each source. */
export async function deadLetters(
  httpUrl: string,
  sources: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await queryStore(
    httpUrl,
    `select source, count() from ${TABLES.deadLetters.name} where source in (${sources.map(quoted).join(', ')})`,
  );
  return new Map(rows.map(([source, count]) => [String(source), Number(count)]));
}

/** Why the newest of these sources' events were refused, one line each. */
export async function refusalReasons(
  httpUrl: string,
  sources: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  if (limit === 0) return [];
  const rows = await queryStore(
    httpUrl,
    `select reason from ${TABLES.deadLetters.name} where source in (${sources.map(quoted).join(', ')}) limit -${limit}`,
  );
  return rows.map(([reason]) => String(reason ?? ''));
}

function series(kind: StoredSeries['kind'], row: readonly Cell[]): StoredSeries {
  const [symbol, source, interval, specId, rows] = row.map((cell) => String(cell ?? ''));
  return {
    kind,
    symbol: symbol ?? '',
    source: source ?? '',
    interval: interval ?? '',
    specId: specId ?? '',
    rows: Number(rows),
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
