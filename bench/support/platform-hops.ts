import { TickwellError, connect, type Subscription } from '@tickwell/client';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT, type EventSource, type FeedItem } from '@tickwell/ports';
import { newTraceparent, systemClock } from '@tickwell/runtime';
import { IngestStream } from '../../services/ingest/src/ingest-stream.ts';
import { logCursors } from '../../services/ingest/src/cursors.ts';
import type { Platform } from '@tickwell/cli/platform';
import { until } from '../../test/support/wait.ts';
import { Latencies, type LatencyResult } from './latencies.ts';
import { paced, wallMs } from './pace.ts';

export interface LatencyOptions {
  readonly ratePerSecond: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  readonly symbols: number;
}

const SOURCE = 'bench:latency';

/**
 * One round through the platform: ingest's own stream (batches, cursors, watermarks) in this process, fed by a paced source;
 * then validator and query in theirs; then the client's live subscription in this process again.
 */
export async function platformRound(
  platform: Platform,
  round: number,
  options: LatencyOptions,
): Promise<LatencyResult> {
  const total = Math.round(options.ratePerSecond * (options.warmupSeconds + options.seconds));
  const log = createKafkaLog({ brokers: platform.endpoints.kafkaBrokers, clientId: 'bench', logger: SILENT });
  const client = connect({ address: platform.grpcAddress });
  const ending = new AbortController();
  try {
    const sink = await log.createSink({ name: 'bench' });
    const subscription = client.subscribe({ kinds: ['trades'], source: SOURCE, signal: ending.signal });
    const live = Promise.withResolvers<undefined>();
    const latencies = new Latencies(wallMs() + options.warmupSeconds * 1000, total);
    const reading = follow(subscription, latencies, () => {
      live.resolve(undefined);
    });
    reading.catch(live.reject);
    await live.promise;
    const source = pacedSource(`bench:latency-${process.pid}-${round}`, total, options, latencies);
    const stream = new IngestStream({
      source,
      sink,
      cursors: logCursors(log),
      clock: systemClock,
      logger: SILENT,
      newTraceparent,
    });
    const { events } = await stream.run();
    const all = until(
      'ticks of the platform',
      () => latencies.received,
      (received) => received >= total,
    );
    await Promise.race([all, reading]);
    ending.abort();
    await reading.catch((error: unknown) => {
      if (!(error instanceof TickwellError && error.code === 'cancelled')) throw error;
    });
    return latencies.result(Number(events));
  } finally {
    ending.abort();
    client.close();
    await log.close();
  }
}

async function follow(subscription: Subscription, latencies: Latencies, onLive: () => void): Promise<void> {
  for await (const event of subscription) {
    if (event.kind === 'live') onLive();
    if (event.kind !== 'trades') continue;
    const nowMs = wallMs();
    for (const timeNs of event.trades.timeNs) latencies.arrived(Number(timeNs) / 1e6, nowMs);
  }
}

/** Trades of the symbols in turn, each stamped with the wall time at which it was made. */
function pacedSource(
  streamId: string,
  total: number,
  options: LatencyOptions,
  latencies: Latencies,
): EventSource {
  async function* read(): AsyncGenerator<FeedItem> {
    let position = 0n;
    let lastNs = 0n;
    const late = (ms: number): void => {
      latencies.late(ms);
    };
    for await (const { first, count } of paced(options.ratePerSecond, total, late)) {
      for (let number = first; number < first + count; number += 1) {
        position += 1n;
        const nowNs = BigInt(Math.round(wallMs() * 1e6));
        // Times of one symbol grow, whatever the resolution of the clock.
        lastNs = nowNs > lastNs ? nowNs : lastNs + 1n;
        yield trade(number, lastNs, position, options.symbols);
      }
      yield { kind: 'progress', position };
    }
  }
  return { streamId, source: SOURCE, description: 'paced ticks', read, close: () => Promise.resolve() };
}

function trade(number: number, timeNs: bigint, position: bigint, symbols: number): FeedItem {
  return {
    kind: 'trades',
    symbol: `SYM${String(number % symbols).padStart(3, '0')}`,
    priceBasis: 'raw',
    trades: {
      timeNs: [timeNs],
      seq: [0n],
      price: [100 + (number % 97) / 100],
      size: [1 + (number % 500)],
      conditions: [],
      venue: [],
    },
    positions: [position],
  };
}
