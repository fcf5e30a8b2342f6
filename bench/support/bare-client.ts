import { readFileSync } from 'node:fs';
import type { StackEndpoints } from '@tickwell/local-stack';
import { Sender } from '@questdb/nodejs-client';
import { countRows } from '../../test/support/store.ts';
import { until } from '../../test/support/wait.ts';

const ROWS_A_FLUSH = 20_000;
const TABLE = 'bench_bare_trades';

/**
 * The QuestDB client alone: the same rows with the same columns into a table of the same shape, from the first row handed to
 * the sender until all are visible. Parsing the file is not timed.
 */
export async function bareClient(
  endpoints: StackEndpoints,
  csvPath: string,
): Promise<{ rows: number; seconds: number }> {
  const rows = parse(csvPath);
  await changeStore(endpoints, `drop table if exists ${TABLE}`);
  await changeStore(endpoints, `create table ${TABLE} (like trades)`);
  const url = new URL(endpoints.questdbHttpUrl);
  const sender = await Sender.fromConfig(`http::addr=${url.host};auto_flush=off;`);
  const started = performance.now();
  const knownAtNs = BigInt(Date.now()) * 1_000_000n;
  for (let i = 0; i < rows.length; i += ROWS_A_FLUSH) {
    for (const row of rows.slice(i, i + ROWS_A_FLUSH)) {
      await sender
        .table(TABLE)
        .symbol('symbol', row.symbol)
        .symbol('source', 'file:bench')
        .symbol('epoch', 'bench')
        .intColumn('record_offset', 1)
        .timestampColumn('known_at', knownAtNs, 'ns')
        .intColumn('seq', row.seq)
        .floatColumn('price', row.price)
        .floatColumn('size', row.size)
        .at(row.timeNs, 'ns');
    }
    await sender.flush();
  }
  await until(
    'rows of the bare client',
    () => countRows(endpoints, TABLE),
    (count) => count >= rows.length,
  );
  const seconds = (performance.now() - started) / 1000;
  await sender.close();
  await changeStore(endpoints, `drop table ${TABLE}`);
  return { rows: rows.length, seconds };
}

/** Tables are made and dropped over `/exec`; `/exp` only reads. */
async function changeStore({ questdbHttpUrl }: StackEndpoints, sql: string): Promise<void> {
  const response = await fetch(`${questdbHttpUrl}/exec?query=${encodeURIComponent(sql)}`);
  if (!response.ok) throw new Error(`${sql}: ${response.status} ${await response.text()}`);
}

interface Row {
  readonly symbol: string;
  readonly timeNs: bigint;
  readonly seq: number;
  readonly price: number;
  readonly size: number;
}

function parse(csvPath: string): Row[] {
  const last = new Map<string, { timeNs: bigint; seq: number }>();
  const rows: Row[] = [];
  for (const line of readFileSync(csvPath, 'utf8').split('\n').slice(1)) {
    const [time = '', symbol = '', price, size] = line.split(',');
    if (symbol === '') continue;
    const timeNs = BigInt(time);
    const before = last.get(symbol);
    const seq = before?.timeNs === timeNs ? before.seq + 1 : 0;
    last.set(symbol, { timeNs, seq });
    rows.push({ symbol, timeNs, seq, price: Number(price), size: Number(size) });
  }
  return rows;
}
