/**
 * Daily history of thousands of tickers through a simulated Yahoo with a rate limit: `node libs/feed-yahoo/bench/history.ts [tickers]
 * [requestsPerSecond] [parallel] [failRate]`. The simulator runs in a process of its own; streams are read as ingest reads them, so many at a
 * time, and thrown away. Prints how much of the limit was used, the memory of the reader by tenths of the run, and that no ticker is
 * missing or asked twice; asserts nothing.
 */
import { fork } from 'node:child_process';
import { SILENT, type FeedItem, type FeedJob } from '@tickwell/ports';
import { startYahooSim } from '@tickwell/yahoo-sim';
import { systemClock } from '../src/fixtures/system-clock.ts';
import { readYahooJob, YahooContext } from '../src/index.ts';

const [tickers = 3000, perSecond = 20, parallel = 8, failRate = 0] = process.argv
  .slice(2)
  .filter((arg) => arg !== '--serve')
  .map(Number);
/** What a round trip to Yahoo takes at least. */
const LATENCY_MS = 80;
/** The server counts whole tokens: a client at exactly its pace now and then comes a moment too early. */
const SERVER_MARGIN = 1.02;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Served {
  readonly requests: number;
  readonly served: number;
  readonly tooMany: number;
  readonly byTicker: Readonly<Record<string, number>>;
}

async function measure(): Promise<void> {
  const server = fork(new URL(import.meta.url), [
    '--serve',
    ...[tickers, perSecond, parallel, failRate].map(String),
  ]);
  const told = (): Promise<{ readonly url?: string; readonly stats?: Served }> =>
    new Promise((resolve) => {
      server.once('message', (message) => {
        resolve(message as Awaited<ReturnType<typeof told>>);
      });
    });
  const { url = '' } = await told();
  const run = new Run(jobsOf(url));
  const startMs = performance.now();
  await run.all();
  const seconds = (performance.now() - startMs) / 1000;
  server.send('stats');
  const { stats } = await told();
  server.disconnect();
  report(run, seconds, stats);
}

function jobsOf(baseUrl: string): readonly FeedJob[] {
  const job = {
    type: 'yahoo',
    symbols: Array.from({ length: tickers }, (_, index) => `SIM${index + 1}`),
    from: '2016-01-01',
    baseUrl,
    requestsPerSecond: perSecond,
  };
  const jobs = readYahooJob(job, 'job', new YahooContext({ clock: systemClock(1) }));
  if (!jobs.ok) throw new Error(jobs.error.join('; '));
  return jobs.value;
}

/** Reads all streams, so many at a time. */
class Run {
  readonly #jobs: readonly FeedJob[];
  readonly residentMiB: number[] = [];
  events = 0;
  refused = 0;
  failed = 0;
  #next = 0;

  constructor(jobs: readonly FeedJob[]) {
    this.#jobs = jobs;
  }

  async all(): Promise<void> {
    await Promise.all(Array.from({ length: parallel }, () => this.#work()));
  }

  async #work(): Promise<void> {
    for (let at = this.#next++; at < this.#jobs.length; at = this.#next++) {
      const job = this.#jobs[at];
      if (job !== undefined) await this.#read(job);
      const tenth = Math.floor((10 * at) / this.#jobs.length);
      const residentMiB = process.memoryUsage().rss / 2 ** 20;
      this.residentMiB[tenth] = Math.max(this.residentMiB[tenth] ?? 0, residentMiB);
    }
  }

  async #read(job: FeedJob): Promise<void> {
    const source = await job.open(SILENT);
    if (!source.ok) throw source.error;
    const signal = new AbortController().signal;
    try {
      for await (const item of source.value.read({ afterPosition: 0n, signal })) this.#count(item);
    } catch {
      this.failed++;
    }
  }

  #count(item: FeedItem): void {
    if (item.kind === 'refused') this.refused++;
    else if (item.kind !== 'progress') this.events += item.positions.length;
  }
}

function report(run: Run, seconds: number, stats: Served | undefined): void {
  const asked = Object.values(stats?.byTicker ?? {});
  print(
    `${tickers} tickers, ${run.events} events, ${run.refused} refused, ${run.failed} streams failed, ${seconds.toFixed(1)} s`,
  );
  print(
    `${stats?.requests ?? 0} requests, ${stats?.served ?? 0} answered, ${stats?.tooMany ?? 0} too many: ` +
      `${((100 * (stats?.requests ?? 0)) / (perSecond * seconds)).toFixed(1)} % of ${perSecond} a second`,
  );
  print(`tickers answered: ${asked.length}, more than once: ${asked.filter((count) => count > 1).length}`);
  print(`resident MiB by tenths: ${run.residentMiB.map((mib) => mib.toFixed(0)).join(' ')}`);
}

// Last, as classes are there only below their place.
if (process.argv.includes('--serve')) {
  const simulator = await startYahooSim({
    tickers,
    latencyMs: LATENCY_MS,
    requestsPerSecond: perSecond * SERVER_MARGIN,
    failRate,
  });
  process.on('message', () => process.send?.({ stats: simulator.stats() }));
  process.send?.({ url: simulator.url });
} else await measure();
