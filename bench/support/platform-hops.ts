import { TickwellError, connect, type Subscription } from '@tickwell/client';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT } from '@tickwell/ports';
import type { Platform } from '@tickwell/cli/platform';
import { until } from '../../test/support/wait.ts';
import { Latencies, type LatencyResult } from './latencies.ts';
import { wallMs } from './pace.ts';
import { ingestPaced } from './paced-ingest.ts';

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
    const streamId = `bench:latency-${process.pid}-${round}`;
    const plan = { streamId, source: SOURCE, total, ...options };
    const events = await ingestPaced({ log, sink }, plan, (ms) => {
      latencies.late(ms);
    });
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
    return latencies.result(events);
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
