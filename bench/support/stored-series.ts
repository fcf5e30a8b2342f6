import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { untilDrained } from '../../test/support/drained.ts';
import { runIngest, tradesJob } from '../../test/support/ingest.ts';
import { generateTrades } from '../../test/support/market-data.ts';
import { countRows } from '../../test/support/store.ts';
import { until } from '../../test/support/wait.ts';
import { writeDailyBars } from './bars-csv.ts';

const FILES_A_JOB = 50;
const DEADLINE_MS = 600_000;

export interface StoredSeries {
  readonly dataset: string;
  /** Of one symbol, SYM000. */
  readonly ticks: number;
  /** Of each symbol, the same ones. */
  readonly bars: number;
  readonly symbols: readonly string[];
}

/** Puts ticks and daily bars through the real flow, until all is stored and nothing else is at work. */
export async function storeSeries(platform: Platform, folder: string, series: StoredSeries): Promise<void> {
  const { dataset, ticks, bars, symbols } = series;
  const { path } = await generateTrades({ path: join(folder, 'ticks.csv'), rows: ticks, symbols: 1 });
  await ingest(platform, tradesJob(path, dataset));
  const barsPath = join(folder, 'bars.csv');
  writeDailyBars(barsPath, bars);
  for (let from = 0; from < symbols.length; from += FILES_A_JOB) {
    const files = symbols
      .slice(from, from + FILES_A_JOB)
      .map((symbol) => ({ path: barsPath, dataset, kind: 'bars', interval: '1d', symbol }));
    await ingest(platform, { type: 'files', files });
  }
  for (const [table, wanted] of [
    ['trades', ticks],
    ['bars', bars * symbols.length],
  ] as const) {
    const stored = `${table} where source = 'file:${dataset}'`;
    const count = (): Promise<number> => countRows(platform.endpoints, stored);
    await until(stored, count, (rows) => rows >= wanted, DEADLINE_MS);
  }
  await untilDrained(platform.endpoints, [], DEADLINE_MS);
}

async function ingest(platform: Platform, job: Readonly<Record<string, unknown>>): Promise<void> {
  const { code, output } = await runIngest(platform.endpoints, job).ended;
  if (code !== 0) throw new Error(`ingest ended with ${code}: ${output.slice(-2000)}`);
}
