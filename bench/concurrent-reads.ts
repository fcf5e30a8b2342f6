/**
 * Many readers of small answers at once: 1, 8, 16 and 64 of them, each asking for one thing after the other (bars of one of 50 symbols, all of them or a
 * year, the newest hundred bars, an hour of ticks), of one query process with the default cache. Answers per second, their times, the process's memory.
 *
 * BENCH_SECONDS (5 of each, three times in turns), BENCH_ROWS (200,000 ticks), BENCH_BARS (2,520).
 * Not measured: a network; several query processes; readers in several processes (the one that reads here takes a core itself).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TickwellClient } from '@tickwell/client';
import { startTestPlatform } from '../test/support/platform.ts';
import { startQuery, stopQuery, type QueryProcess } from '../test/support/query-process.ts';
import { Dice } from './support/dice.ts';
import { percentile, printTable, setting } from './support/numbers.ts';
import { ResidentSampler } from './support/resident.ts';
import { storeSeries } from './support/stored-series.ts';

const SECONDS = setting('BENCH_SECONDS', 5);
const TICKS = setting('BENCH_ROWS', 200_000);
const BARS = setting('BENCH_BARS', 2_520);
const READERS = [1, 8, 16, 64] as const;
const TURNS = 3;
const CONNECTIONS = 8;
const MIB = 1024 * 1024;
const DAY_NS = 86_400_000_000_000n;
const FIRST_DAY_NS = BigInt(Date.UTC(2014, 0, 2)) * 1_000_000n;
const DATASET = 'bench-concurrent';
const source = `file:${DATASET}`;
const SYMBOLS = Array.from({ length: 50 }, (_, at) => `BAR${at}`);

interface Found {
  readonly tookMs: number[];
  answers: number;
  seconds: number;
  highestMib: number;
}

async function count(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const chunk of chunks) if (chunk === undefined) return;
}

/** One answer, of what a strategy asks for often. */
async function readOne(client: TickwellClient, dice: Dice): Promise<void> {
  const symbol = dice.of(SYMBOLS);
  const bars = { symbol, source, interval: '1d' };
  const kind = dice.between(0, 3);
  if (kind === 0) return count(client.bars(bars));
  if (kind === 1) return count(client.bars({ ...bars, limit: 100, newest: true }));
  if (kind === 2) {
    const startNs = FIRST_DAY_NS + BigInt(dice.between(0, 7)) * 365n * DAY_NS;
    return count(client.bars({ ...bars, startNs, endNs: startNs + 365n * DAY_NS }));
  }
  return count(client.ticks({ symbol: 'SYM000', source, limit: 1_000 }).packed());
}

async function turn(
  query: QueryProcess,
  clients: readonly TickwellClient[],
  readers: number,
  found: Found,
): Promise<void> {
  const sampler = new ResidentSampler([{ name: 'query', pid: () => query.child.pid }]);
  const startMs = performance.now();
  const untilMs = startMs + SECONDS * 1_000;
  const read = async (reader: number): Promise<void> => {
    const client = clients[reader % clients.length];
    if (client === undefined) throw new Error('there is no client');
    const dice = new Dice();
    // Not all the same at a time.
    for (let skipped = 0; skipped < reader; skipped += 1) dice.next();
    while (performance.now() < untilMs) {
      const askedMs = performance.now();
      await readOne(client, dice);
      found.tookMs.push(performance.now() - askedMs);
      found.answers += 1;
    }
  };
  await Promise.all(Array.from({ length: readers }, (_, reader) => read(reader)));
  found.seconds += (performance.now() - startMs) / 1_000;
  const resident = await sampler.take();
  sampler.stop();
  found.highestMib = Math.max(found.highestMib, (resident.get('query')?.highest ?? 0) / MIB);
}

function print(all: ReadonlyMap<number, Found>): void {
  const rates = new Map([...all].map(([readers, { answers, seconds }]) => [readers, answers / seconds]));
  const best = Math.max(...rates.values());
  console.log(`\nsmall reads, ${TURNS} × ${SECONDS} s each in turns, load ${loadavg()[0]?.toFixed(1)}`);
  printTable([
    ['readers', 'answers/s', '% of best', 'median ms', 'p99 ms', 'p99 / median', 'memory MiB'],
    ...[...all].map(([readers, { tookMs, highestMib }]) => {
      const sorted = Float64Array.from(tookMs).sort();
      const [middle, high] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
      const rate = rates.get(readers) ?? Number.NaN;
      return [
        String(readers),
        rate.toFixed(0),
        ((rate / best) * 100).toFixed(0),
        middle.toFixed(1),
        high.toFixed(1),
        (high / middle).toFixed(1),
        highestMib.toFixed(0),
      ];
    }),
  ]);
}

const folder = mkdtempSync(join(tmpdir(), 'tickwell-bench-'));
const platform = await startTestPlatform();
try {
  await storeSeries(platform, folder, { dataset: DATASET, ticks: TICKS, bars: BARS, symbols: SYMBOLS });
  const query = await startQuery(platform.endpoints, {});
  const clients = Array.from({ length: CONNECTIONS }, () => connect({ address: query.address }));
  try {
    const all = new Map<number, Found>(
      READERS.map((readers) => [readers, { tookMs: [], answers: 0, seconds: 0, highestMib: 0 }]),
    );
    // What is read is in the cache, and the code is compiled.
    await turn(query, clients, 8, { tookMs: [], answers: 0, seconds: 0, highestMib: 0 });
    for (let at = 0; at < TURNS; at += 1)
      for (const [readers, found] of all) await turn(query, clients, readers, found);
    print(all);
    const { memoryHits, filled, waited, direct } = await query.client.cacheStats();
    console.log(
      `from memory ${memoryHits}, read ${filled}, waited for ${waited}, without the cache: ${JSON.stringify(direct)}`,
    );
  } finally {
    for (const client of clients) client.close();
    await stopQuery(query);
  }
} finally {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}
