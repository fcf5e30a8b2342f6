/**
 * Memory of a live feed over a simulated week: `node --expose-gc libs/feed-ib/bench/week.ts [days] [speed]`. The Gateway simulator runs in a
 * process of its own and restarts every night; the feed follows trades and five-second bars of three instruments around the clock, and
 * fills every night's hole from history. Prints for each simulated day what the feed's heap holds after a full collection, and its
 * resident memory. Asserts nothing. Not measured: Kafka and the ingest service behind the feed, more lines, real time.
 */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startIbGatewaySim } from '@tickwell/ib-gateway-sim';
import { SILENT, type Clock } from '@tickwell/ports';
import { formulaMarket, stock } from '../src/fixtures/formula-market.ts';
import { IbContext, readIbJob } from '../src/index.ts';

const [days = 7, speed = 4000] = process.argv
  .slice(2)
  .filter((arg) => arg !== '--serve')
  .map(Number);
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2024, 0, 8, 8);
const SYMBOLS = ['S0', 'S1', 'S2'];
const MIB = 1024 * 1024;

if (process.argv.includes('--serve')) await serve();
else await measure();

async function serve(): Promise<void> {
  const instruments = SYMBOLS.map((symbol, index) => stock(1000 + index, symbol));
  const market = formulaMarket({ instruments, tradeMs: 3000 });
  const simulator = await startIbGatewaySim({ market, startMs: START_MS, speed });
  simulator.inject({ kind: 'restart', daily: '23:45 US/Eastern', for: '5m' });
  process.on('message', () =>
    process.send?.({
      nowMs: simulator.clock.nowMs(),
      violations: simulator.stats().violationsTotal,
      ticksSent: simulator.stats().ticksSent,
    }),
  );
  process.send?.({ port: simulator.port });
}

async function measure(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run it with node --expose-gc');
  const server = fork(new URL(import.meta.url), ['--serve', String(days), String(speed)]);
  const told = (): Promise<Record<string, number>> =>
    new Promise((resolve) =>
      server.once('message', (message) => {
        resolve(message as Record<string, number>);
      }),
    );
  const ask = (): Promise<Record<string, number>> => {
    const answer = told();
    server.send('how far');
    return answer;
  };
  const { port = 0 } = await told();
  const clock: Clock = {
    nowNs: () => BigInt(Date.now()) * 1_000_000n,
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
  };
  let [holes, events] = [0, 0];
  const context = new IbContext({
    clock,
    onReport: ({ kind }) => {
      if (kind === 'hole') holes++;
    },
  });
  const of = { type: 'ib', feed: 'live', port, speed, series: ['trades', 'bars'], instruments: SYMBOLS };
  const jobs = readIbJob(of, 'bench', context);
  const opened = await (jobs.ok ? jobs.value[0] : undefined)?.open(SILENT);
  if (opened?.ok !== true) throw new Error(String(opened?.error));
  const abort = new AbortController();
  const reading = (async (): Promise<void> => {
    for await (const item of opened.value.read({ afterPosition: 0n, signal: abort.signal }))
      if (item.kind === 'trades' || item.kind === 'bars') events += item.positions.length;
  })();
  process.stdout.write('day  heap MiB  external MiB  resident MiB     events  holes\n');
  for (let day = 0; day <= days; day++) {
    let state = await ask();
    while ((state['nowMs'] ?? 0) < START_MS + day * DAY_MS) {
      await sleep(50);
      state = await ask();
    }
    gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    const mib = [heapUsed, external, rss].map((bytes) => (bytes / MIB).toFixed(1));
    const [heap = '', outside = '', resident = ''] = mib;
    process.stdout.write(
      `${String(day).padStart(3)}  ${heap.padStart(8)}  ${outside.padStart(12)}  ${resident.padStart(12)}  ${String(events).padStart(9)}  ${String(holes).padStart(5)}\n`,
    );
  }
  const { violations } = await ask();
  process.stdout.write(`limits broken: ${violations}\n`);
  abort.abort(new Error('done'));
  await reading;
  await opened.value.close();
  server.kill();
}
