/**
 * History for a strategy: 2,520 daily bars and 1,000,000 ticks of one symbol over gRPC to the TypeScript client, as columns and as
 * rows, beside QuestDB's own `/exec` and pg read from the same process; and three columns of the ticks as typed arrays, beside QuestDB's
 * own Parquet export of them (the bytes, not decoded). Interleaved (A B C D A B C D …), medians, ratios.
 *
 * BENCH_ROWS (1,000,000 ticks), BENCH_BARS (2,520), BENCH_RUNS (7 of each).
 * Not measured: a network between client and server, several clients at once, a cold page cache.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@tickwell/client';
import type { Platform } from '@tickwell/cli/platform';
import { untilDrained } from '../test/support/drained.ts';
import { runIngest, tradesJob } from '../test/support/ingest.ts';
import { generateTrades } from '../test/support/market-data.ts';
import { startTestPlatform } from '../test/support/platform.ts';
import { countRows } from '../test/support/store.ts';
import { until } from '../test/support/wait.ts';
import { writeDailyBars } from './support/bars-csv.ts';
import { median, printTable, setting } from './support/numbers.ts';
import {
  dailyBarsOf,
  packedReadersOf,
  readersOf,
  readPool,
  tradesOf,
  type Reader,
} from './support/store-readers.ts';

const TICKS = setting('BENCH_ROWS', 1_000_000);
const BARS = setting('BENCH_BARS', 2_520);
const RUNS = setting('BENCH_RUNS', 7);
const [TICK_SYMBOL, BAR_SYMBOL, DATASET] = ['SYM000', 'DAILY', 'bench-reads'];

async function ingest(platform: Platform, job: Readonly<Record<string, unknown>>): Promise<void> {
  const { code, output } = await runIngest(platform.endpoints, job).ended;
  if (code !== 0) throw new Error(`ingest ended with ${code}: ${output.slice(-2000)}`);
}

/** Through the real flow, until everything is stored and nothing else is at work. */
async function fill(platform: Platform, folder: string): Promise<void> {
  const { path } = await generateTrades({ path: join(folder, 'ticks.csv'), rows: TICKS, symbols: 1 });
  const barsPath = join(folder, 'bars.csv');
  writeDailyBars(barsPath, BARS);
  await ingest(platform, tradesJob(path, DATASET));
  const file = { path: barsPath, dataset: DATASET, kind: 'bars', interval: '1d', symbol: BAR_SYMBOL };
  await ingest(platform, { type: 'files', files: [file] });
  const source = `source = 'file:${DATASET}'`;
  for (const [table, wanted] of [
    [`trades where ${source}`, TICKS],
    [`bars where ${source}`, BARS],
  ] as const) {
    await until(
      table,
      () => countRows(platform.endpoints, table),
      (rows) => rows >= wanted,
      600_000,
    );
  }
  await untilDrained(platform.endpoints);
}

/** Every reader once per run, in turn, after one turn that is not counted; milliseconds per reader. */
async function measure(readers: readonly Reader[], rows: number): Promise<Map<string, number[]>> {
  const taken = new Map<string, number[]>(readers.map(({ name }) => [name, []]));
  let sum: number | undefined;
  for (let run = 0; run <= RUNS; run += 1) {
    for (const reader of readers) {
      const { name } = reader;
      const startMs = performance.now();
      const read = await reader.read();
      const ms = performance.now() - startMs;
      const result = typeof read === 'function' ? read() : read;
      sum ??= result.sum;
      if (result.rows !== rows || Math.abs(result.sum - sum) > 1e-9 * Math.abs(sum))
        throw new Error(`${name} read ${JSON.stringify(result)}, wanted ${rows} rows with sum ${sum}`);
      if (run > 0) taken.get(name)?.push(ms);
    }
  }
  return taken;
}

function print(title: string, rows: number, taken: ReadonlyMap<string, readonly number[]>): void {
  const first = median([...taken.values()][0] ?? []);
  console.log(`\n${rows.toLocaleString('en')} ${title}, ${RUNS} runs each`);
  printTable([
    ['', 'median ms', 'fastest', 'slowest', 'rows/s', '× columns'],
    ...[...taken].map(([name, values]) => {
      const middle = median(values);
      return [
        name,
        middle.toFixed(1),
        Math.min(...values).toFixed(1),
        Math.max(...values).toFixed(1),
        Math.round((rows * 1000) / middle).toLocaleString('en'),
        (middle / first).toFixed(2),
      ];
    }),
  ]);
}

const folder = mkdtempSync(join(tmpdir(), 'tickwell-bench-'));
// What the cache gains is for bench/cache.ts.
const platform = await startTestPlatform({ serviceEnv: { query: { TICKWELL_CACHE_BYTES: '0' } } });
const client = connect({ address: platform.grpcAddress });
const pool = readPool(platform);
try {
  await fill(platform, folder);
  const { questdbHttpUrl } = platform.endpoints;
  for (const [title, rows, series] of [
    ['daily bars of one symbol', BARS, dailyBarsOf(BAR_SYMBOL, `file:${DATASET}`)],
    ['ticks of one symbol', TICKS, tradesOf(TICK_SYMBOL, `file:${DATASET}`)],
  ] as const) {
    print(title, rows, await measure(readersOf(series, client, pool, questdbHttpUrl), rows));
  }
  const packed = packedReadersOf(TICK_SYMBOL, `file:${DATASET}`, client, questdbHttpUrl);
  print('ticks of one symbol, three columns', TICKS, await measure(packed, TICKS));
} finally {
  client.close();
  await pool.end();
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}
