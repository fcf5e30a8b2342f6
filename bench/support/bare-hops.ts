import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Kafka } from 'kafkajs';
import type { Platform } from '@tickwell/cli/platform';
import { until } from '../../test/support/wait.ts';
import { BARE_PARTITIONS, bareConsumer, bareKafka, bareSender, type BareSender } from './bare-kafka.ts';
import { Latencies, type LatencyResult } from './latencies.ts';
import { paced, wallMs } from './pace.ts';
import type { LatencyOptions } from './platform-hops.ts';

/** About as large as a record of one tick in `md.raw.ticks`. */
const VALUE_BYTES = 120;

/**
 * One round of bare kafkajs over two hops: a producer in this process, topic a, a relay in a process of its own, topic b, a
 * consumer in this process. One record per tick, one send at a time, acknowledged by all replicas, nothing committed.
 */
export async function bareRound(
  platform: Platform,
  round: number,
  options: LatencyOptions,
): Promise<LatencyResult> {
  const total = Math.round(options.ratePerSecond * (options.warmupSeconds + options.seconds));
  const brokers = platform.endpoints.kafkaBrokers;
  const kafka = bareKafka(brokers);
  const [a, b] = [`bench-a-${process.pid}-${round}`, `bench-b-${process.pid}-${round}`];
  await createTopics(kafka, [a, b]);
  const relay = await startRelay([brokers.join(','), a, b]);
  const { sender, producer } = await bareSender(kafka, a);
  let latencies: Latencies | undefined;
  const consumer = await bareConsumer(kafka, b, ({ batch }) => {
    const nowMs = wallMs();
    for (const { value } of batch.messages) latencies?.arrived(value?.readDoubleLE() ?? 0, nowMs);
  });
  try {
    const measured = (latencies = new Latencies(wallMs() + options.warmupSeconds * 1000, total));
    await produce(sender, total, options, measured);
    await until(
      'ticks of bare kafkajs',
      () => measured.received,
      (received) => received >= total,
    );
    return measured.result(total);
  } finally {
    await Promise.all([consumer.disconnect(), producer.disconnect(), stopRelay(relay)]);
    await deleteTopics(kafka, [a, b]);
  }
}

async function produce(
  sender: BareSender,
  total: number,
  options: LatencyOptions,
  latencies: Latencies,
): Promise<void> {
  const late = (ms: number): void => {
    latencies.late(ms);
  };
  for await (const { first, count } of paced(options.ratePerSecond, total, late)) {
    sender.add(
      Array.from({ length: count }, (_, at) => {
        const symbol = (first + at) % options.symbols;
        const value = Buffer.alloc(VALUE_BYTES);
        value.writeDoubleLE(wallMs());
        return { key: `SYM${String(symbol).padStart(3, '0')}`, value, partition: symbol % BARE_PARTITIONS };
      }),
    );
  }
}

async function createTopics(kafka: Kafka, topics: readonly string[]): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({ topic, numPartitions: BARE_PARTITIONS, replicationFactor: 1 })),
  });
  await admin.disconnect();
}

async function deleteTopics(kafka: Kafka, topics: string[]): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics });
  await admin.disconnect();
}

async function startRelay(args: readonly string[]): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'bare-relay.ts'), [...args]);
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`the relay ended with ${code}`));
    });
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return child;
}

async function stopRelay(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
