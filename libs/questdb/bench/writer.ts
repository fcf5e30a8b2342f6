/**
 * Rows per second of the TableWriter (rows visible) beside QuestDB's client alone (rows accepted; then also visible), the same
 * trades in the same table layout, in one run.
 *
 *   node libs/questdb/bench/writer.ts [rows] [rows per write] [rows per batch]
 *
 * Endpoints: TICKWELL_QUESTDB_HTTP_URL, TICKWELL_QUESTDB_PG_URL. Uses tables bench_* of its own and drops them at the end.
 */
import { Sender } from '@questdb/nodejs-client';
import { TABLES, type TableSpec } from '@tickwell/contracts';
import type { TableRows } from '@tickwell/ports';
import pg from 'pg';
import { createTableSql } from '../src/ddl.ts';
import { createQuestdbWriter, parsePgUrl, type PgEndpoint } from '../src/index.ts';

const [rows = 500_000, rowsPerWrite = 25_000, rowsPerBatch = 500] = process.argv.slice(2).map(Number);
const httpUrl = process.env['TICKWELL_QUESTDB_HTTP_URL'] ?? 'http://127.0.0.1:9000';
const endpoint = endpointOf(
  process.env['TICKWELL_QUESTDB_PG_URL'] ?? 'postgres://admin:quest@127.0.0.1:8812/qdb',
);
const pool = new pg.Pool({ ...endpoint, max: 1 });

function endpointOf(url: string): PgEndpoint {
  const endpoint = parsePgUrl(url);
  if (endpoint === undefined)
    throw new Error('TICKWELL_QUESTDB_PG_URL is not postgres://user:password@host:port/database');
  return endpoint;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const T0 = 1_700_000_000_000_000_000n;
const SYMBOLS = 100;

function table(name: string): TableSpec {
  return { ...TABLES.trades, name };
}

/** Batches as storage gets them: one symbol each, interleaved. */
function batch(name: string, index: number): TableRows {
  const at = Array.from({ length: rowsPerBatch }, (_, row) => index * rowsPerBatch + row);
  return {
    table: name,
    timestampNs: at.map((row) => T0 + BigInt(row) * 1_000_003n),
    columns: [
      { type: 'symbol', name: 'symbol', values: `SYM${index % SYMBOLS}` },
      { type: 'symbol', name: 'source', values: 'file:bench' },
      { type: 'symbol', name: 'epoch', values: 'q5Yk8cTpQ1mYzv0aXrJ2Gw' },
      { type: 'long', name: 'record_offset', values: BigInt(index) },
      { type: 'timestamp', name: 'known_at', values: T0 },
      { type: 'long', name: 'seq', values: at.map((row) => BigInt(row & 3)) },
      { type: 'double', name: 'price', values: at.map((row) => 100 + (row % 977) / 8) },
      { type: 'double', name: 'size', values: at.map((row) => (row % 500) / 4) },
    ],
  };
}

async function settled(name: string): Promise<void> {
  for (;;) {
    const { rows: found } = await pool.query<{ done: boolean }>(
      'select writerTxn = sequencerTxn done from wal_tables() where name = $1',
      [name],
    );
    if (found[0]?.done === true) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

interface Outcome {
  readonly accepted: number;
  readonly visible: number;
  readonly cpuUs: number;
}

async function measure(work: () => Promise<void>, name: string): Promise<Outcome> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const accepted = performance.now() - start;
  const used = process.cpuUsage(cpu);
  await settled(name);
  const visible = performance.now() - start;
  const { rows: counted } = await pool.query<{ n: string }>(`select count() n from ${name}`);
  if (Number(counted[0]?.n) !== rows) throw new Error(`${name} holds ${counted[0]?.n} of ${rows} rows`);
  return {
    accepted: (rows / accepted) * 1e3,
    visible: (rows / visible) * 1e3,
    cpuUs: (used.user + used.system) / rows,
  };
}

async function clientAlone(name: string): Promise<void> {
  const { hostname, port } = new URL(httpUrl);
  const sender = await Sender.fromConfig(`http::addr=${hostname}:${port};auto_flush=off`);
  let pending = 0;
  for (let index = 0; index * rowsPerBatch < rows; index += 1) {
    for (let row = index * rowsPerBatch; row < (index + 1) * rowsPerBatch; row += 1) {
      void sender
        .table(name)
        .symbol('symbol', `SYM${index % SYMBOLS}`)
        .symbol('source', 'file:bench')
        .symbol('epoch', 'q5Yk8cTpQ1mYzv0aXrJ2Gw')
        .intColumn('record_offset', index)
        .timestampColumn('known_at', T0, 'ns')
        .intColumn('seq', row & 3)
        .floatColumn('price', 100 + (row % 977) / 8)
        .floatColumn('size', (row % 500) / 4)
        .at(T0 + BigInt(row) * 1_000_003n, 'ns');
    }
    pending += rowsPerBatch;
    if (pending >= rowsPerWrite) {
      await sender.flush();
      pending = 0;
    }
  }
  await sender.flush();
  await sender.close();
}

async function tableWriter(spec: TableSpec): Promise<void> {
  const writer = createQuestdbWriter({ endpoints: { httpUrl, pg: endpoint }, tables: [spec] });
  const outstanding: Promise<void>[] = [];
  let parts: TableRows[] = [];
  const flush = async (): Promise<void> => {
    if (parts.length > 0) outstanding.push(writer.write(parts));
    parts = [];
    if (outstanding.length >= 3) await outstanding.shift();
  };
  for (let index = 0; index * rowsPerBatch < rows; index += 1) {
    parts.push(batch(spec.name, index));
    if (parts.length * rowsPerBatch >= rowsPerWrite) await flush();
  }
  await flush();
  await Promise.all(outstanding);
  await writer.close();
}

const results: Record<'client' | 'writer', Outcome[]> = { client: [], writer: [] };
for (let round = 0; round < 3; round += 1) {
  for (const side of ['client', 'writer'] as const) {
    const spec = table(`bench_${side}_${process.pid}_${round}`);
    await pool.query(createTableSql(spec));
    const work = side === 'client' ? () => clientAlone(spec.name) : () => tableWriter(spec);
    results[side].push(await measure(work, spec.name));
    await pool.query(`drop table ${spec.name}`);
  }
}
const best = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.reduce((a, b) => (a.visible >= b.visible ? a : b));
const client = best(results.client);
const writer = best(results.writer);
const line = (name: string, { accepted, visible, cpuUs }: Outcome): string =>
  `${name}: ${Math.round(accepted)} rows/s until returned, ${Math.round(visible)} rows/s until visible, ${cpuUs.toFixed(2)} µs CPU a row`;
print(`${rows} trades of ${SYMBOLS} symbols, ${rowsPerBatch} a batch, ${rowsPerWrite} a request; best of 3`);
print(line('QuestDB client alone', client));
print(line('TableWriter         ', writer));
print(`ratio until visible: ${(writer.visible / client.visible).toFixed(2)}`);
await pool.end();
