/**
 * 1 M trades read back: rows over the pg wire, the same rows as Parquet from /exp, and the HistoryReader, in one run.
 *
 *   node libs/questdb/bench/reader.ts [rows]
 *
 * Endpoints: TICKWELL_QUESTDB_HTTP_URL, TICKWELL_QUESTDB_PG_URL. Writes trades of a symbol of its own.
 */
import { TABLES } from '@tickwell/contracts';
import pg from 'pg';
import { createTableSql } from '../src/ddl.ts';
import { createQuestdbReader, createQuestdbWriter, parsePgUrl, type PgEndpoint } from '../src/index.ts';
import type { SelectColumn } from '../src/page.ts';
import { pageFromParquet } from '../src/parquet-page.ts';
import { ParquetExport } from '../src/parquet-export.ts';
import { textQuery } from '../src/pg-client.ts';

const [rows = 1_000_000] = process.argv.slice(2).map(Number);
const httpUrl = process.env['TICKWELL_QUESTDB_HTTP_URL'] ?? 'http://127.0.0.1:9000';
const endpoint = endpointOf(
  process.env['TICKWELL_QUESTDB_PG_URL'] ?? 'postgres://admin:quest@127.0.0.1:8812/qdb',
);
const pool = new pg.Pool({ ...endpoint, max: 1 });
const SYMBOL = `BENCH${process.pid}`;
const T0 = 1_700_000_000_000_000_000n;
const COLUMNS: readonly SelectColumn[] = [
  { name: 't', sql: 'ts', type: 'time' },
  { name: 'source', sql: 'source', type: 'symbol' },
  { name: 'seq', sql: 'seq', type: 'long' },
  { name: 'price', sql: 'price', type: 'double' },
  { name: 'size', sql: 'size', type: 'double' },
];
const select = (timeSql: string): string =>
  `select ${COLUMNS.map(({ sql, name, type }) => `${type === 'time' ? timeSql : sql} ${name}`).join(', ')} from trades where symbol = '${SYMBOL}' order by ts`;

function endpointOf(url: string): PgEndpoint {
  const parsed = parsePgUrl(url);
  if (parsed === undefined)
    throw new Error('TICKWELL_QUESTDB_PG_URL is not postgres://user:password@host:port/database');
  return parsed;
}

async function fill(): Promise<void> {
  await pool.query(createTableSql(TABLES.trades));
  const writer = createQuestdbWriter({ endpoints: { httpUrl, pg: endpoint }, tables: [TABLES.trades] });
  for (let from = 0; from < rows; from += 50_000) {
    const at = Array.from({ length: Math.min(50_000, rows - from) }, (_, index) => from + index);
    await writer.write([
      {
        table: TABLES.trades.name,
        timestampNs: at.map((index) => T0 + BigInt(index) * 1_000_003n),
        columns: [
          { type: 'symbol', name: 'symbol', values: SYMBOL },
          { type: 'symbol', name: 'source', values: 'file:bench' },
          { type: 'long', name: 'seq', values: at },
          { type: 'double', name: 'price', values: at.map((index) => 100 + (index % 977) / 8) },
          { type: 'double', name: 'size', values: at.map((index) => index % 500) },
        ],
      },
    ]);
  }
  await writer.close();
}

async function byPg(): Promise<number> {
  const found = await pool.query<string[]>(textQuery(select('ts::long')));
  let count = 0;
  for (const [time] of found.rows) if (BigInt(time ?? 0) > 0n) count += 1;
  return count;
}

async function byParquet(): Promise<number> {
  const exporter = new ParquetExport({
    httpUrl,
    maxConcurrent: 1,
    statementTimeoutMs: 60_000,
    maxBytes: 1e9,
  });
  const read = (bytes: Uint8Array): number => pageFromParquet(COLUMNS, new Map(), bytes).length;
  return exporter.run(select('ts'), 100_000, read, new AbortController().signal);
}

async function byReader(): Promise<number> {
  const reader = createQuestdbReader({ endpoints: { httpUrl, pg: endpoint } });
  let count = 0;
  for await (const { trades } of reader.trades({ symbol: SYMBOL, columns: ['seq', 'price', 'size'] }))
    count += trades.timeNs.length;
  await reader.close();
  return count;
}

await fill();
for (const [name, read] of [
  ['pg wire, whole', byPg],
  ['/exp Parquet, whole', byParquet],
  ['HistoryReader', byReader],
] as const) {
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const start = performance.now();
    const count = await read();
    times.push(performance.now() - start);
    if (count !== rows) throw new Error(`${name} read ${count} of ${rows} rows`);
  }
  process.stdout.write(
    `${name}: ${Math.round(Math.min(...times))} ms for ${rows} trades (best of ${times.length})\n`,
  );
}
await pool.end();
