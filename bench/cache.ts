/**
 * What the cache of query gains: the same reads of a query process without one (cold) and of one with the default one (warm), beside QuestDB's own `/exec`
 * and Parquet export, in turns in one run. 2,520 daily bars of one symbol, three columns of 1,000,000 ticks, 2,520 daily bars of 500 symbols in one call.
 *
 * BENCH_ROWS (1,000,000 ticks), BENCH_BARS (2,520), BENCH_SYMBOLS (500), BENCH_RUNS (15 of the bars, a third of the others).
 * Not measured: the first read with a cache, Redis, a network, several clients at once (bench/concurrent-reads.ts), a cold page cache.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TickwellClient } from '@tickwell/client';
import { startTestPlatform } from '../test/support/platform.ts';
import { startQuery, stopQuery } from '../test/support/query-process.ts';
import { median, printTable, setting } from './support/numbers.ts';
import { dailyBarsOf, packedReadersOf, readersOf, readPool, type Reader } from './support/store-readers.ts';
import { storeSeries } from './support/stored-series.ts';

const TICKS = setting('BENCH_ROWS', 1_000_000);
const BARS = setting('BENCH_BARS', 2_520);
const SYMBOLS = Array.from({ length: setting('BENCH_SYMBOLS', 500) }, (_, at) => `BAR${at}`);
const RUNS = setting('BENCH_RUNS', 15);
const DATASET = 'bench-cache';
const SOURCE = `file:${DATASET}`;
const [FIRST = ''] = SYMBOLS;

/** Every reader once per run, in turn, after two turns that are not counted; milliseconds per reader. */
async function measure(readers: readonly Reader[], rows: number, runs: number): Promise<readonly number[][]> {
  const taken: number[][] = readers.map(() => []);
  for (let run = -2; run < runs; run += 1) {
    for (const [at, reader] of readers.entries()) {
      const startMs = performance.now();
      const read = await reader.read();
      const ms = performance.now() - startMs;
      const result = typeof read === 'function' ? read() : read;
      if (result.rows !== rows) throw new Error(`${reader.name} read ${result.rows} rows, wanted ${rows}`);
      if (run >= 0) taken[at]?.push(ms);
    }
  }
  return taken;
}

/** Beside the last reader. */
async function report(title: string, rows: number, readers: readonly Reader[], runs: number): Promise<void> {
  const taken = await measure(readers, rows, runs);
  const reference = median(taken.at(-1) ?? []);
  console.log(
    `\n${title}: ${rows.toLocaleString('en')} rows, ${runs} runs each, load ${loadavg()[0]?.toFixed(1)}`,
  );
  printTable([
    ['', 'median ms', 'fastest', 'slowest', '× the last'],
    ...readers.map(({ name }, at) => {
      const values = taken[at] ?? [];
      return [
        name,
        median(values).toFixed(2),
        Math.min(...values).toFixed(2),
        Math.max(...values).toFixed(2),
        (median(values) / reference).toFixed(2),
      ];
    }),
  ]);
}

function manyOf(name: string, client: TickwellClient): Reader {
  return {
    name,
    read: async () => {
      let [rows, sum] = [0, 0];
      for await (const { bars } of client.manyBars({ symbols: SYMBOLS, source: SOURCE, interval: '1d' })) {
        rows += bars.startNs.length;
        sum += bars.close[0] ?? 0;
      }
      return { rows, sum };
    },
  };
}

function renamed(name: string, reader: Reader | undefined): readonly Reader[] {
  return reader === undefined ? [] : [{ ...reader, name }];
}

const folder = mkdtempSync(join(tmpdir(), 'tickwell-bench-'));
const platform = await startTestPlatform();
const pool = readPool(platform);
try {
  await storeSeries(platform, folder, { dataset: DATASET, ticks: TICKS, bars: BARS, symbols: SYMBOLS });
  const { questdbHttpUrl } = platform.endpoints;
  const cold = await startQuery(platform.endpoints, { TICKWELL_CACHE_BYTES: '0' });
  const warm = await startQuery(platform.endpoints, {});
  try {
    const series = dailyBarsOf(FIRST, SOURCE);
    const [coldBars, , exec] = readersOf(series, cold.client, pool, questdbHttpUrl);
    const [warmBars] = readersOf(series, warm.client, pool, questdbHttpUrl);
    const bars = [...renamed('cold', coldBars), ...renamed('warm', warmBars), ...renamed('/exec', exec)];
    await report('daily bars of one symbol', BARS, bars, RUNS);
    const runs = Math.ceil(RUNS / 3);
    const [coldTicks, parquet] = packedReadersOf('SYM000', SOURCE, cold.client, questdbHttpUrl);
    const [warmTicks] = packedReadersOf('SYM000', SOURCE, warm.client, questdbHttpUrl);
    const ticks = [
      ...renamed('cold', coldTicks),
      ...renamed('warm', warmTicks),
      ...renamed('Parquet export, bytes', parquet),
    ];
    await report('ticks of one symbol, three columns', TICKS, ticks, runs);
    const many = [manyOf('cold', cold.client), manyOf('warm', warm.client)];
    await report('daily bars of many symbols in one call', BARS * SYMBOLS.length, many, runs);
  } finally {
    await stopQuery(cold);
    await stopQuery(warm);
  }
} finally {
  await pool.end();
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}
