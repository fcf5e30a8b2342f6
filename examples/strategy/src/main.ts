/**
 * A moving-average crossover on live bars:
 *
 *   node examples/strategy/src/main.ts --address 127.0.0.1:50051 --symbol BTCUSD --interval 5m --fast 10 --slow 30
 *
 * With --since it begins with history and goes on live. Ctrl-C ends it.
 */
import { parseArgs } from 'node:util';
import { TickwellError, barRows, connect, formatNs, parseIsoTime } from '@tickwell/client';
import { Crossover } from './crossover.ts';

const USAGE = `usage: node examples/strategy/src/main.ts --symbol BTCUSD --interval 5m [options]
  --address host:port   query service (127.0.0.1:50051)
  --fast N --slow N     bars in the averages (10 and 30)
  --source NAME         only bars of this source
  --since TIME          begin with history, for example 2024-01-01 or 2024-01-01T09:30:00Z
  --once                end where live begins`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      address: { type: 'string', default: '127.0.0.1:50051' },
      symbol: { type: 'string' },
      interval: { type: 'string', default: '5m' },
      fast: { type: 'string', default: '10' },
      slow: { type: 'string', default: '30' },
      source: { type: 'string', default: '' },
      since: { type: 'string' },
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  if (values.symbol === undefined)
    throw new Error('--symbol is missing: name an instrument, for example BTCUSD');
  const since = values.since === undefined ? undefined : parseIsoTime(values.since);
  if (since?.ok === false) throw new Error(`--since: ${since.error}`);
  const { address, symbol, interval, source, once } = values;
  const newCrossover = (): Crossover => new Crossover(Number(values.fast), Number(values.slow));
  // Wrong numbers are refused before anything connects.
  newCrossover();
  return { address, symbol, interval, source, once, newCrossover, sinceNs: since?.value };
}

async function run(): Promise<void> {
  const options = readOptions();
  if (options === undefined) {
    console.log(USAGE);
    return;
  }
  const { address, symbol, interval, source, once, newCrossover, sinceNs } = options;
  // Sources are series of their own: their bars do not mix in one average.
  const bySource = new Map<string, Crossover>();
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
  });
  const client = connect({ address });
  const subscription = client.subscribe({
    symbols: [symbol],
    kinds: ['bars'],
    intervals: [interval],
    source,
    signal: stop.signal,
    ...(sinceNs === undefined ? {} : { sinceNs }),
  });
  try {
    for await (const event of subscription) {
      if (event.kind === 'live') {
        console.log(`live on ${symbol} ${interval} after ${event.historyEvents} bars of history`);
        if (once) break;
      }
      if (event.kind !== 'bars') continue;
      const crossover = bySource.get(event.source) ?? newCrossover();
      bySource.set(event.source, crossover);
      for (const bar of barRows(event.bars)) {
        const signal = crossover.add(bar.startNs, bar.close);
        if (signal === undefined) continue;
        const { side, fast, slow } = signal;
        console.log(
          `${formatNs(bar.startNs)} ${side.padEnd(4)} ${symbol} at ${bar.close} (fast ${fast.toFixed(4)}, slow ${slow.toFixed(4)}, ${event.source})`,
        );
      }
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    client.close();
  }
}

try {
  await run();
} catch (error) {
  console.error(error instanceof TickwellError ? `${error.code}: ${error.message}` : String(error));
  console.error('--help says how to use it');
  process.exitCode = 1;
}
