/**
 * Memory of every service while 5,000,000 ticks of 100 symbols go through the whole flow, in files of a million that go on where
 * the one before ended, with a live subscriber that reads them all. Prints resident memory per million, and what of the JavaScript heap
 * the last full collection left (resident memory also holds garbage that V8 saw no reason to collect yet); judges nothing.
 *
 * BENCH_ROWS (5,000,000), BENCH_FILE_ROWS (1,000,000), BENCH_STEP_MS (10: event time between ticks).
 * Not measured: Kafka and QuestDB (their heaps are set), days of work, more symbols, many subscribers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TickwellError, connect, type TickwellClient } from '@tickwell/client';
import type { Platform } from '@tickwell/cli/platform';
import { untilDrained } from '../test/support/drained.ts';
import { runIngest, tradesJob } from '../test/support/ingest.ts';
import { generateTrades } from '../test/support/market-data.ts';
import { startTestPlatform } from '../test/support/platform.ts';
import { countRows } from '../test/support/store.ts';
import { until } from '../test/support/wait.ts';
import { printTable, setting } from './support/numbers.ts';
import { ResidentSampler, type Stretch } from './support/resident.ts';

const FILE_ROWS = setting('BENCH_FILE_ROWS', 1_000_000);
const FILES = Math.max(1, Math.round(setting('BENCH_ROWS', 5_000_000) / FILE_ROWS));
const DATASET = 'bench-memory';
/** From one tick to the next: a million then span 2.8 hours, so that what is kept per bar (64 closed ones) fills up early. */
const STEP_NS = BigInt(Math.round(setting('BENCH_STEP_MS', 10) * 1e6));
const START_NS = 1_700_000_000_000_000_000n;
const MIB = 1024 * 1024;
/** What this benchmark calls flat: growth from the second file to the last. */
const FLAT_WITHIN = 0.1;
const INGEST = 'ingest (a process per file)';
const DEADLINE_MS = 900_000;

/** Counts what a live subscriber receives, until the signal. */
class Follower {
  #ticks = 0;
  readonly #live = Promise.withResolvers<undefined>();
  readonly #ended: Promise<void>;

  constructor(client: TickwellClient, signal: AbortSignal) {
    this.#ended = this.#read(client, signal);
    this.#ended.catch(this.#live.reject);
  }

  get ticks(): number {
    return this.#ticks;
  }

  get live(): Promise<undefined> {
    return this.#live.promise;
  }

  async #read(client: TickwellClient, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of client.subscribe({ kinds: ['trades'], source: `file:${DATASET}`, signal })) {
        if (event.kind === 'live') this.#live.resolve(undefined);
        else if (event.kind === 'trades') this.#ticks += event.trades.timeNs.length;
      }
    } catch (error) {
      if (!(error instanceof TickwellError && error.code === 'cancelled')) throw error;
    }
  }
}

let ingestPid: number | undefined;

async function ingestFile(platform: Platform, folder: string, file: number): Promise<void> {
  const { path } = await generateTrades({
    path: join(folder, `${file}.csv`),
    rows: FILE_ROWS,
    symbols: 100,
    seed: file,
    stepNs: STEP_NS,
    startNs: START_NS + BigInt(file * FILE_ROWS) * STEP_NS,
  });
  const run = runIngest(platform.endpoints, tradesJob(path, DATASET));
  ingestPid = run.child.pid;
  const { code, output } = await run.ended;
  ingestPid = undefined;
  rmSync(path);
  if (code !== 0) throw new Error(`ingest ended with ${code}: ${output.slice(-2000)}`);
}

/** Bytes of heap that each service's last full collection left, by its own account; no entry before the first. */
async function retainedHeap({ services }: Platform): Promise<ReadonlyMap<string, number>> {
  const found = await Promise.all(
    services.map(async ({ label, spec }): Promise<[string, number][]> => {
      const metrics = await fetch(`http://127.0.0.1:${spec.metricsPort}/metrics`);
      const value = /^tickwell_process_retained_heap_bytes\S* (\d+)/m.exec(await metrics.text())?.[1];
      return value === undefined ? [] : [[label, Number(value)]];
    }),
  );
  return new Map(found.flat());
}

const mib = (bytes: number): string => (bytes / MIB).toFixed(0);

/** Least-squares growth per file, from the second one on: the first fills caches and lets the compiler work. */
function slope(values: readonly number[]): number {
  const points = values.slice(1).map((value, x) => ({ x, value }));
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const mean = points.reduce((sum, { value }) => sum + value, 0) / points.length;
  const over = points.reduce((sum, { x, value }) => sum + (x - meanX) * (value - mean), 0);
  return over / points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
}

function print<T>(
  title: string,
  stretches: readonly ReadonlyMap<string, T>[],
  of: (stretch: T) => number,
  leaveOut: readonly string[] = [],
): void {
  console.log(`\n${title}, MiB`);
  const all = new Set(stretches.flatMap((stretch) => [...stretch.keys()]));
  const names = [...all].filter((name) => !leaveOut.includes(name));
  const heads = stretches.map((_, at) => ((at + 1) * FILE_ROWS).toLocaleString('en'));
  const rows = names.map((name) => {
    const values = stretches.map((stretch) => {
      const found = stretch.get(name);
      return found === undefined ? Number.NaN : of(found);
    });
    const [from = Number.NaN, to = Number.NaN] = [values[1], values.at(-1)];
    const change = to / from - 1;
    const verdict = Math.abs(change) <= FLAT_WITHIN ? 'yes' : change < 0 ? 'it shrank' : 'no';
    return [
      name,
      ...values.map(mib),
      (slope(values) / MIB).toFixed(1),
      `${(100 * change).toFixed(1)} %`,
      verdict,
    ];
  });
  printTable([
    ['', ...heads, 'slope per file', 'second → last', `flat within ${100 * FLAT_WITHIN} %`],
    ...rows,
  ]);
}

const folder = mkdtempSync(join(tmpdir(), 'tickwell-bench-'));
const platform = await startTestPlatform();
const client = connect({ address: platform.grpcAddress });
const ending = new AbortController();
const sampler = new ResidentSampler([
  ...platform.services.map((service) => ({ name: service.label, pid: () => service.pid })),
  { name: INGEST, pid: () => ingestPid },
]);
try {
  const follower = new Follower(client, ending.signal);
  await follower.live;
  console.log(
    `idle, MiB: ${[...(await sampler.take())].map(([name, { last }]) => `${name} ${mib(last)}`).join(', ')}`,
  );
  const stretches: ReadonlyMap<string, Stretch>[] = [];
  const retained: ReadonlyMap<string, number>[] = [];
  for (let file = 0; file < FILES; file += 1) {
    const startMs = performance.now();
    await ingestFile(platform, folder, file);
    const wanted = (file + 1) * FILE_ROWS;
    const stored = (): Promise<number> =>
      countRows(platform.endpoints, `trades where source = 'file:${DATASET}'`);
    await until('stored ticks', stored, (rows) => rows >= wanted, DEADLINE_MS);
    await until(
      'received ticks',
      () => follower.ticks,
      (ticks) => ticks >= wanted,
      DEADLINE_MS,
    );
    await untilDrained(platform.endpoints);
    stretches.push(await sampler.take());
    retained.push(await retainedHeap(platform));
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(
      `${wanted.toLocaleString('en')} ticks stored, ${follower.ticks.toLocaleString('en')} received live (${seconds} s)`,
    );
  }
  print('Highest resident memory during each file', stretches, ({ highest }) => highest);
  print('Resident memory after each file, drained', stretches, ({ last }) => last, [INGEST]);
  print('JavaScript heap that the last full collection left', retained, (bytes) => bytes);
  const restarts = platform.services.reduce((sum, service) => sum + service.restarts, 0);
  console.log(`\nrestarts of services: ${restarts}`);
} finally {
  ending.abort();
  sampler.stop();
  client.close();
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}
