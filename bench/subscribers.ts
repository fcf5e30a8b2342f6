/**
 * Many live subscribers of one query process: 1,000 with one symbol each, then 50 with all of them, at 1,000 ticks/s over 100 symbols. What counts is
 * whether they fall behind: the time from the moment a tick is made until a subscriber has it, in the first, the middle and the last third, and whether
 * each has got every tick once. Producer and subscribers share a process, and therefore a clock, and a core of the machine with what they measure.
 *
 * BENCH_RATE (1,000 ticks/s), BENCH_SECONDS (60), BENCH_SUBSCRIBERS (1,000), BENCH_ALL (50).
 * Not measured: a network; subscribers on machines of their own; that nobody falls behind over hours.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { TickwellError, connect, type Subscription, type TickwellClient } from '@tickwell/client';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT } from '@tickwell/ports';
import type { Platform } from '@tickwell/cli/platform';
import { startTestPlatform } from '../test/support/platform.ts';
import { startQuery, stopQuery, type QueryProcess } from '../test/support/query-process.ts';
import { until } from '../test/support/wait.ts';
import { percentile, printTable, setting } from './support/numbers.ts';
import { wallMs } from './support/pace.ts';
import { ingestPaced, symbolAt } from './support/paced-ingest.ts';
import { ResidentSampler } from './support/resident.ts';

const RATE = setting('BENCH_RATE', 1_000);
const SECONDS = setting('BENCH_SECONDS', 60);
const SUBSCRIBERS = setting('BENCH_SUBSCRIBERS', 1_000);
const ALL = setting('BENCH_ALL', 50);
const SYMBOLS = 100;
const TOTAL = RATE * SECONDS;
const THIRDS = 3;
/** A connection takes 256 calls at a time. */
const CALLS_A_CONNECTION = 125;
const MIB = 1024 * 1024;
/** What /proc counts the time of processes in. */
const TICKS_PER_SECOND = 100;

interface Round {
  readonly name: string;
  /** Symbols of each subscriber; undefined: all. */
  readonly subscribers: readonly (string | undefined)[];
  /** Ticks that all of them together are to get. */
  readonly due: number;
}

const ROUNDS: readonly Round[] = [
  {
    name: `${SUBSCRIBERS} × one symbol`,
    subscribers: Array.from({ length: SUBSCRIBERS }, (_, at) => symbolAt(at % SYMBOLS)),
    due: (TOTAL * SUBSCRIBERS) / SYMBOLS,
  },
  {
    name: `${ALL} × all ${SYMBOLS}`,
    subscribers: Array.from({ length: ALL }, () => undefined),
    due: TOTAL * ALL,
  },
];

/** Lags by the third of the run in which a tick was made, ms. */
class Lags {
  readonly #startMs: number;
  readonly thirds: number[][] = Array.from({ length: THIRDS }, () => []);
  received = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  arrived(madeMs: number, nowMs: number): void {
    this.received += 1;
    const third = Math.floor(((madeMs - this.#startMs) * THIRDS) / (SECONDS * 1_000));
    this.thirds[Math.min(THIRDS - 1, Math.max(0, third))]?.push(nowMs - madeMs);
  }
}

async function follow(subscription: Subscription, lags: () => Lags, onLive: () => void): Promise<void> {
  for await (const event of subscription) {
    if (event.kind === 'live') onLive();
    if (event.kind !== 'trades') continue;
    const nowMs = wallMs();
    const to = lags();
    for (const timeNs of event.trades.timeNs) to.arrived(Number(timeNs) / 1e6, nowMs);
  }
}

/** CPU that a process has taken, seconds; of Linux. */
function cpuSeconds(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may have spaces: user time is the 14th field, system time the 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

interface Outcome {
  readonly lags: Lags;
  readonly sent: number;
  readonly cpuShare: number;
  readonly highestMib: number;
}

async function measure(
  platform: Platform,
  query: QueryProcess,
  round: Round,
  number: number,
): Promise<Outcome> {
  const source = `bench:subscribers-${number}`;
  const log = createKafkaLog({ brokers: platform.endpoints.kafkaBrokers, clientId: 'bench', logger: SILENT });
  const connections = Math.ceil(round.subscribers.length / CALLS_A_CONNECTION);
  const clients = Array.from({ length: connections }, () => connect({ address: query.address }));
  const ending = new AbortController();
  let lags = new Lags(0);
  let live = 0;
  const reading = round.subscribers.map((symbol, at) =>
    follow(
      subscribe(clients[at % clients.length], { symbol, source, signal: ending.signal }),
      () => lags,
      () => {
        live += 1;
      },
    ),
  );
  const failed = Promise.all(reading);
  failed.catch(() => undefined);
  const sampler = new ResidentSampler([{ name: 'query', pid: () => query.child.pid }]);
  try {
    const sink = await log.createSink({ name: 'bench' });
    const wanted = round.subscribers.length;
    await Promise.race([
      until(
        'all are live',
        () => live,
        (now) => now >= wanted,
        120_000,
      ),
      failed,
    ]);
    const [startMs, before] = [wallMs(), cpuSeconds(query.child.pid)];
    lags = new Lags(startMs);
    const plan = {
      streamId: `${source}-${process.pid}`,
      source,
      ratePerSecond: RATE,
      total: TOTAL,
      symbols: SYMBOLS,
    };
    const sent = await ingestPaced({ log, sink }, plan, () => undefined);
    const arrived = until(
      'all ticks',
      () => lags.received,
      (now) => now >= round.due,
      120_000,
    );
    await Promise.race([arrived, failed]);
    const cpuShare = ((cpuSeconds(query.child.pid) - before) * 1_000) / (wallMs() - startMs);
    const resident = await sampler.take();
    return { lags, sent, cpuShare, highestMib: (resident.get('query')?.highest ?? 0) / MIB };
  } finally {
    sampler.stop();
    ending.abort();
    await failed.catch((error: unknown) => {
      if (!(error instanceof TickwellError && error.code === 'cancelled')) throw error;
    });
    for (const client of clients) client.close();
    await log.close();
  }
}

function subscribe(
  client: TickwellClient | undefined,
  wish: { readonly symbol: string | undefined; readonly source: string; readonly signal: AbortSignal },
): Subscription {
  if (client === undefined) throw new Error('there is no client');
  const { symbol, source, signal } = wish;
  return client.subscribe({
    kinds: ['trades'],
    source,
    signal,
    ...(symbol === undefined ? {} : { symbols: [symbol] }),
  });
}

const count = (value: number): string => value.toLocaleString('en');

function row(round: Round, { lags, sent, cpuShare, highestMib }: Outcome): string[] {
  const thirds = lags.thirds.map((values) => {
    const sorted = Float64Array.from(values).sort();
    return `${percentile(sorted, 0.5).toFixed(1)} / ${percentile(sorted, 0.99).toFixed(1)}`;
  });
  const [share, memory] = [`${(cpuShare * 100).toFixed(0)} %`, highestMib.toFixed(0)];
  return [round.name, ...thirds, count(sent), count(round.due), count(lags.received), share, memory];
}

const rows = [
  [
    'subscribers',
    'first third p50 / p99',
    'middle',
    'last',
    'ticks',
    'due',
    'received',
    'CPU of query',
    'MiB',
  ],
];
const platform = await startTestPlatform();
try {
  const query = await startQuery(platform.endpoints, {});
  try {
    for (const [number, round] of ROUNDS.entries())
      rows.push(row(round, await measure(platform, query, round, number)));
  } finally {
    await stopQuery(query);
  }
} finally {
  await platform.stop();
}
console.log(
  `${count(RATE)} ticks/s of ${SYMBOLS} symbols for ${SECONDS} s; ms from tick to subscriber, load ${loadavg()[0]?.toFixed(1)}`,
);
printTable(rows);
console.log('goal: the last third is no slower than the first, and what is received is what is due');
