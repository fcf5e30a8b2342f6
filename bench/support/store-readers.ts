import type { Pool } from 'pg';
import type { Platform } from '@tickwell/cli/platform';
import type { TickwellClient } from '@tickwell/client';
import { pageFromParquet } from '../../libs/questdb/src/parquet-page.ts';
import { createPool } from '../../libs/questdb/src/pg-client.ts';

/** What one read came to: rows, and a sum that shows that all readers read the same. */
interface ReadResult {
  readonly rows: number;
  readonly sum: number;
}

export interface Reader {
  readonly name: string;
  /** A function does what is not to be measured. */
  read(): Promise<ReadResult | (() => ReadResult)>;
}

/** One series, as every reader names it; `sum` names the column that is added up. */
export interface Series {
  readonly sql: string;
  readonly sumColumn: 'price' | 'close';
  columns(client: TickwellClient): Promise<ReadResult>;
  rows(client: TickwellClient): Promise<ReadResult>;
}

/** Three columns of a million ticks as typed arrays, beside QuestDB's own Parquet export of the same, which is bytes that nobody has decoded. */
export function packedReadersOf(
  symbol: string,
  source: string,
  client: TickwellClient,
  questdbHttpUrl: string,
): readonly Reader[] {
  const where = `where symbol = '${symbol}' and source = '${source}'`;
  return [
    {
      name: 'gRPC, packed()',
      read: async () => {
        let [rows, sum] = [0, 0];
        const columns = ['price', 'size'];
        for await (const { trades } of client.ticks({ symbol, source, columns }).packed()) {
          rows += trades.timeNs.length;
          sum += trades.price.reduce((total, price) => total + price, 0);
        }
        return { rows, sum };
      },
    },
    {
      name: 'QuestDB /exp Parquet, bytes',
      read: () => readExport(`select ts, price, size from trades ${where}`, questdbHttpUrl),
    },
  ];
}

/** All bytes of an export. That they hold the rows is looked up afterwards, and not part of what is measured. */
async function readExport(sql: string, questdbHttpUrl: string): Promise<() => ReadResult> {
  const url = new URL('/exp', questdbHttpUrl);
  url.search = new URLSearchParams({
    query: sql,
    fmt: 'parquet',
    compression_codec: 'uncompressed',
  }).toString();
  const response = await fetch(url);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw new Error(`/exp answered ${response.status}`);
  return () => {
    const page = pageFromParquet([{ name: 'price', sql: 'price', type: 'double' }], new Map(), bytes);
    return { rows: page.length, sum: page.doubles('price').reduce((total, price) => total + price, 0) };
  };
}

const STATEMENT_TIMEOUT_MS = 120_000;

const add = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

export function tradesOf(symbol: string, source: string): Series {
  return {
    sql: `select ts, seq, price, size, conditions, venue from trades where symbol = '${symbol}' and source = '${source}' order by ts`,
    sumColumn: 'price',
    columns: async (client) => {
      let [rows, sum] = [0, 0];
      for await (const { trades } of client.ticks({ symbol, source })) {
        rows += trades.timeNs.length;
        sum += add(trades.price);
      }
      return { rows, sum };
    },
    rows: async (client) => {
      let [rows, sum] = [0, 0];
      for await (const { price } of client.ticks({ symbol, source }).rows()) {
        rows += 1;
        sum += price;
      }
      return { rows, sum };
    },
  };
}

export function dailyBarsOf(symbol: string, source: string): Series {
  return {
    sql:
      'select ts, open, high, low, close, volume, vwap, trade_count, session_date from bars ' +
      `where symbol = '${symbol}' and source = '${source}' and interval = '1d' order by ts`,
    sumColumn: 'close',
    columns: async (client) => {
      let [rows, sum] = [0, 0];
      for await (const { bars } of client.bars({ symbol, source, interval: '1d' })) {
        rows += bars.startNs.length;
        sum += add(bars.close);
      }
      return { rows, sum };
    },
    rows: async (client) => {
      let [rows, sum] = [0, 0];
      for await (const { close } of client.bars({ symbol, source, interval: '1d' }).rows()) {
        rows += 1;
        sum += close;
      }
      return { rows, sum };
    },
  };
}

/** The client in both its ways, and QuestDB's own two, which a strategy would use without the platform. */
export function readersOf(
  series: Series,
  client: TickwellClient,
  pool: Pool,
  questdbHttpUrl: string,
): readonly Reader[] {
  return [
    { name: 'gRPC, columns', read: () => series.columns(client) },
    { name: 'gRPC, rows()', read: () => series.rows(client) },
    { name: 'QuestDB /exec', read: () => readExec(series, questdbHttpUrl) },
    { name: 'QuestDB pg', read: () => readPg(series, pool) },
  ];
}

/** One connection, as one strategy has. */
export function readPool({ endpoints }: Platform): Pool {
  return createPool(endpoints.questdbPgReadonly, {
    maxConnections: 1,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
}

interface ExecAnswer {
  readonly columns: readonly { readonly name: string }[];
  readonly dataset: readonly (readonly unknown[])[];
}

/** The JSON of `/exec`, parsed; times stay the texts they are. */
async function readExec(series: Series, questdbHttpUrl: string): Promise<ReadResult> {
  const response = await fetch(`${questdbHttpUrl}/exec?query=${encodeURIComponent(series.sql)}`);
  const answer: unknown = await response.json();
  if (!isExecAnswer(answer)) throw new Error(`/exec answered ${JSON.stringify(answer).slice(0, 500)}`);
  const at = answer.columns.findIndex(({ name }) => name === series.sumColumn);
  let sum = 0;
  for (const row of answer.dataset) sum += Number(row[at]);
  return { rows: answer.dataset.length, sum };
}

function isExecAnswer(value: unknown): value is ExecAnswer {
  return typeof value === 'object' && value !== null && 'columns' in value && 'dataset' in value;
}

/** node-postgres as it comes: one object per row, times as Dates (of whole milliseconds). */
async function readPg(series: Series, pool: Pool): Promise<ReadResult> {
  const { rows } = await pool.query<Readonly<Record<string, unknown>>>(series.sql);
  let sum = 0;
  for (const row of rows) sum += Number(row[series.sumColumn]);
  return { rows: rows.length, sum };
}
