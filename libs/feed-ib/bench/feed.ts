/**
 * What a Gateway's bursts cost: `node libs/feed-ib/bench/feed.ts [lines] [ticksPerSecond] [seconds]`. The Gateway simulator runs in a
 * process of its own. First history of 10,000 bars, with the longest time that the event loop was blocked, then live trades of so many
 * lines: how many arrive, how late, and whether any is missing. Prints; asserts nothing.
 */
import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { SILENT, type Clock, type FeedItem } from '@tickwell/ports';
import { startIbGatewaySim } from '@tickwell/ib-gateway-sim';
import { setTimeout as sleep } from 'node:timers/promises';
import { formulaMarket, stock } from '../src/fixtures/formula-market.ts';
import { IbContext, ibHistoryJob, ibLiveJob } from '../src/index.ts';

const [lines = 100, perSecond = 20_000, seconds = 20] = process.argv
  .slice(2)
  .filter((arg) => arg !== '--serve')
  .map(Number);
const START_MS = Date.UTC(2024, 0, 10, 15);
const instruments = Array.from({ length: lines }, (_, index) => stock(1000 + index, `S${index}`));
const tradeMs = (1000 * lines) / perSecond;

/** One line of the result. */
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Counts trades, and what is missing among them: sizes of the market count up. */
class Counter {
  events = 0;
  gaps = 0;
  readonly #lastSize = new Map<string, number>();

  get symbols(): number {
    return this.#lastSize.size;
  }

  take(item: FeedItem): void {
    if (item.kind !== 'trades') return;
    this.events += item.positions.length;
    for (const size of item.trades.size) {
      const last = this.#lastSize.get(item.symbol);
      if (last !== undefined && size !== (last % 900) + 1) this.gaps++;
      this.#lastSize.set(item.symbol, size);
    }
  }
}

if (process.argv.includes('--serve')) {
  const simulator = await startIbGatewaySim({
    market: formulaMarket({ instruments, tradeMs }),
    startMs: START_MS,
    limits: { tickByTickLines: lines, historicalRequests: 100_000 },
  });
  process.on('message', () => process.send?.({ ticksSent: simulator.stats().ticksSent }));
  process.send?.({ port: simulator.port });
} else await measure();

async function measure(): Promise<void> {
  const server = fork(new URL(import.meta.url), ['--serve', String(lines), String(perSecond)]);
  const told = (): Promise<Record<string, number>> =>
    new Promise((resolve) =>
      server.once('message', (message) => {
        resolve(message as Record<string, number>);
      }),
    );
  const { port = 0 } = await told();
  // The simulated day of the server: only differences of the clock matter here.
  const offsetMs = START_MS - Date.now();
  const clock: Clock = {
    nowNs: () => BigInt(Date.now() + offsetMs) * 1_000_000n,
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
  };
  const limits = { marketDataLines: lines, history: { weight: 100_000, windowMs: 600_000 } };
  const context = new IbContext({ clock });
  const gateway = { port, limits };
  try {
    await history(context, gateway);
    await live(context, gateway, async () => {
      server.send('stats');
      return (await told())['ticksSent'] ?? 0;
    });
  } finally {
    server.kill();
  }
}

async function history(context: IbContext, gateway: object): Promise<void> {
  const toNs = BigInt(START_MS) * 1_000_000n;
  const fromNs = toNs - 10_000n * 60n * 1_000_000_000n;
  const options = {
    ...gateway,
    kind: 'bars' as const,
    interval: '1m',
    instruments: [{ symbol: 'S0' }],
    fromNs,
    toNs,
  };
  const jobs = ibHistoryJob(options, context);
  const [job] = jobs.ok ? jobs.value : [];
  const opened = await job?.open(SILENT);
  if (opened?.ok !== true) throw new Error(String(opened?.error));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startMs = performance.now();
  let bars = 0;
  for await (const item of opened.value.read({ afterPosition: 0n, signal: new AbortController().signal }))
    if (item.kind === 'bars') bars += item.positions.length;
  delay.disable();
  await opened.value.close();
  const tookMs = performance.now() - startMs;
  print(
    `history: ${bars} bars in ${tookMs.toFixed(0)} ms, loop blocked at most ${(delay.max / 1e6).toFixed(1)} ms`,
  );
}

async function live(context: IbContext, gateway: object, sent: () => Promise<number>): Promise<void> {
  const jobs = ibLiveJob(
    {
      ...gateway,
      series: ['trades'],
      instruments: instruments.map(({ symbol, conId }) => ({ symbol, conId })),
    },
    context,
  );
  const [job] = jobs.ok ? jobs.value : [];
  const opened = await job?.open(SILENT);
  if (opened?.ok !== true) throw new Error(String(opened?.error));
  const abort = new AbortController();
  const counter = new Counter();
  const reading = (async (): Promise<void> => {
    for await (const item of opened.value.read({ afterPosition: 0n, signal: abort.signal }))
      counter.take(item);
  })();
  while (counter.symbols < lines) await sleep(100);
  const [before, beforeSent, startMs] = [counter.events, await sent(), performance.now()];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  await sleep(seconds * 1000);
  const tookSeconds = (performance.now() - startMs) / 1000;
  const used = process.cpuUsage(cpu);
  const [events, sentTicks] = [counter.events - before, (await sent()) - beforeSent];
  delay.disable();
  abort.abort(new Error('done'));
  await reading;
  await opened.value.close();
  const cpuPercent = ((used.user + used.system) / 1e4 / tookSeconds).toFixed(0);
  print(
    `live: ${lines} lines, ${(sentTicks / tookSeconds).toFixed(0)} ticks/s sent, ${(events / tookSeconds).toFixed(0)} delivered, ` +
      `${counter.gaps} missing, cpu ${cpuPercent} %, loop blocked p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, at most ${(delay.max / 1e6).toFixed(1)} ms, ` +
      `memory ${(process.memoryUsage().rss / 1048576).toFixed(0)} MiB`,
  );
}
