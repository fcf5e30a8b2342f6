/**
 * What a busy feed costs: `node libs/feed-websocket/bench/feed.ts [symbols] [messagesPerSecond] [seconds]`. The simulated feed runs in a
 * process of its own and sends aggregate trades and best quotes of Binance's shape in turns, each symbol's trades numbered; the ready
 * definition maps them. Prints how many arrive, whether a number is missing or doubled, how late, CPU and event loop. Asserts nothing.
 */
import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SILENT, type Clock, type FeedItem } from '@tickwell/ports';
import { startFeedSim, type CapturedMessage } from '@tickwell/websocket-sim';
import { readyAt } from '../src/fixtures/feed.ts';
import { websocketJob } from '../src/jobs.ts';

const [symbolCount = 100, perSecond = 20_000, seconds = 20] = process.argv
  .slice(2)
  .filter((arg) => arg !== '--serve')
  .map(Number);
const symbols = Array.from({ length: symbolCount }, (_, index) => `S${index}USDT`);
const total = perSecond * seconds;

/** One line of the result. */
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Trades and quotes in turns, each stamped with the moment at which it is made. */
function* messages(): Generator<CapturedMessage> {
  for (let index = 0; index < total; index++) {
    const number = Math.floor(index / (2 * symbolCount)) + 1;
    const symbol = symbols[Math.floor(index / 2) % symbolCount] ?? '';
    const timeMs = Date.now();
    const [e, data] =
      index % 2 === 0
        ? [
            'aggTrade',
            {
              E: timeMs,
              a: number,
              s: symbol,
              p: '7.6120',
              q: '297',
              f: number,
              l: number,
              T: timeMs,
              m: false,
            },
          ]
        : [
            'bookTicker',
            { u: number, s: symbol, b: '7.6110', B: '2', a: '7.6120', A: '297', T: timeMs, E: timeMs },
          ];
    const text = JSON.stringify({ stream: `${symbol.toLowerCase()}@${e}`, data: { e, ...data } });
    yield { text, atMs: (index * 1000) / perSecond };
  }
}

/** Counts events, and what is missing or doubled: numbers of each series count up by one. */
class Counter {
  events = 0;
  wrong = 0;
  readonly lateMs: number[] = [];
  readonly #last = new Map<string, bigint>();

  take(item: FeedItem): void {
    if (item.kind !== 'trades' && item.kind !== 'quotes') return;
    const { seq, timeNs } = item.kind === 'trades' ? item.trades : item.quotes;
    this.events += seq.length;
    const nowMs = Date.now();
    const key = `${item.symbol} ${item.kind}`;
    for (const [index, number] of seq.entries()) {
      if (number !== (this.#last.get(key) ?? 0n) + 1n) this.wrong++;
      this.#last.set(key, number);
      this.lateMs.push(nowMs - Number((timeNs[index] ?? 0n) / 1_000_000n));
    }
  }

  percentile(part: number): number {
    return this.lateMs.toSorted((a, b) => a - b)[Math.floor(this.lateMs.length * part)] ?? NaN;
  }
}

if (process.argv.includes('--serve')) {
  const feed = await startFeedSim({ messages: messages() });
  process.send?.(feed.url);
} else await measure();

async function measure(): Promise<void> {
  const server = fork(new URL(import.meta.url), [
    '--serve',
    ...[symbolCount, perSecond, seconds].map(String),
  ]);
  const url = await new Promise<string>((resolve) => {
    server.once('message', (message) => {
      resolve(typeof message === 'string' ? message : '');
    });
  });
  const clock: Clock = {
    nowNs: () => BigInt(Date.now()) * 1_000_000n,
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
  };
  // One connection: all of it goes through one socket.
  const subscribe = { topic: '{symbol:lower}@{channel}', maxTopicsPerConnection: 10_000 };
  const definition = readyAt('binance-futures', `${url}/stream?streams={topics}`, { subscribe });
  const instruments = symbols.map((symbol) => ({ symbol, ticker: symbol }));
  const jobs = websocketJob({ definition, instruments, series: ['trades', 'quotes'] }, { clock, env: {} });
  const opened = jobs.ok ? await jobs.value[0]?.open(SILENT) : undefined;
  if (opened?.ok !== true) throw new Error(String(jobs.ok ? opened?.error : jobs.error));
  const counter = new Counter();
  const over = new AbortController();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const [cpu, startMs] = [process.cpuUsage(), performance.now()];
  const reading = (async (): Promise<void> => {
    const read = opened.value.read({ afterPosition: 0n, signal: over.signal });
    for await (const item of read) counter.take(item);
  })();
  const deadlineMs = startMs + (seconds + 60) * 1000;
  while (counter.events < total && performance.now() < deadlineMs) await sleep(50);
  const tookSeconds = (performance.now() - startMs) / 1000;
  const used = process.cpuUsage(cpu);
  delay.disable();
  over.abort();
  await reading;
  server.kill();
  print(
    `${symbolCount} symbols, one connection: ${total} messages in ${tookSeconds.toFixed(1)} s (${(total / tookSeconds).toFixed(0)}/s), ` +
      `${counter.events} arrived, ${total - counter.events} missing, ${counter.wrong} out of sequence; ` +
      `cpu ${((used.user + used.system) / 1e4 / tookSeconds).toFixed(0)} % of a core, ` +
      `late p50 ${counter.percentile(0.5)} ms, p99 ${counter.percentile(0.99)} ms, ` +
      `loop blocked p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, at most ${(delay.max / 1e6).toFixed(1)} ms, ` +
      `memory ${(process.memoryUsage().rss / 1048576).toFixed(0)} MiB`,
  );
}
