import { randomUUID } from 'node:crypto';
import { SILENT } from '@tickwell/ports';
import { eventually } from '@tickwell/ports/contract';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { createTopic } from './fixtures/real.ts';
import { createKafkaLog } from './index.ts';
import type { KafkaLog } from './index.ts';
import { repairRequestQueue } from './request-queue.ts';

const brokers = inject('stack').kafkaBrokers;
let log: KafkaLog;
let kafka: Kafka;

beforeEach(() => {
  repairRequestQueue();
  log = createKafkaLog({ brokers, clientId: 'range', logger: SILENT });
  // Its own patience: the first transaction makes a topic and is refused meanwhile.
  const retry = { retries: 100, initialRetryTime: 20, maxRetryTime: 200 };
  kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry });
});
afterEach(() => log.close());

async function offsets(topic: string, fromOffset: bigint, toOffset: bigint): Promise<bigint[]> {
  const found: bigint[] = [];
  for await (const batch of log.readRange({ topic, partition: 0, fromOffset, toOffset })) {
    found.push(...batch.map(({ offset }) => offset));
  }
  return found;
}

it('passes over what compaction took: in the middle, whole batches, and at the end of the range', async () => {
  const topic = await createCompacted();
  const key = 'same';
  const writers = await Promise.all(['a', 'b', 'c'].map((name) => log.createSink({ name })));
  // Three writers, so that Kafka keeps the last batch of each, emptied, for its sequence numbers.
  for (let round = 0; round < 10; round++) {
    for (const sink of writers)
      await sink.send([{ topic, key, value: Buffer.from(`${round}`), headers: {} }]);
  }
  await eventually(async () => {
    await writers[0]!.send([
      { topic, key: randomUUID(), value: Buffer.from('rolls the segment'), headers: {} },
    ]);
    expect(await offsets(topic, 0n, 30n)).toHaveLength(1);
  });
  expect(await offsets(topic, 0n, 30n)).toEqual([29n]);
  for (const end of [1n, 13n, 28n, 29n]) expect(await offsets(topic, 0n, end)).toEqual([]);
  expect(await offsets(topic, 27n, 28n)).toEqual([]);
  const { partitions } = await log.describeTopic(topic);
  const all = await offsets(topic, 0n, partitions[0]!.endOffset);
  expect(all[0]).toBe(29n);
  expect(all.at(-1)).toBe(partitions[0]!.endOffset - 1n);
});

/** As `ensureTopics` would make it, but compacted at once. */
async function createCompacted(): Promise<string> {
  const topic = `test.${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  const config = {
    'cleanup.policy': 'compact',
    'segment.ms': '50',
    'min.cleanable.dirty.ratio': '0.001',
    'max.compaction.lag.ms': '100',
    'delete.retention.ms': '0',
  };
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
  await admin.disconnect();
  return topic;
}

it('leaves out transactions that were rolled back and the markers of all, and ends at a marker', async () => {
  const topic = await createTopic(brokers, {});
  const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (const [value, commit] of [
    ['a', true],
    ['b', false],
    ['c', true],
    ['d', false],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({
      topic,
      messages: [
        { key: 'k', value },
        { key: 'k', value },
      ],
    });
    await (commit ? transaction.commit() : transaction.abort());
  }
  await producer.disconnect();
  const { partitions } = await log.describeTopic(topic);
  expect(partitions[0]!.endOffset).toBe(12n);
  expect(await offsets(topic, 0n, 12n)).toEqual([0n, 1n, 6n, 7n]);
  expect(await offsets(topic, 3n, 6n)).toEqual([]);
});

it('reads batches that other producers compressed, from the middle of one', async () => {
  const topic = await createTopic(brokers, {});
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 500 }, (_, at) => ({
    key: `${at}`,
    value: `value ${at}`,
    headers: { h: `${at}` },
  }));
  await producer.send({ topic, messages, compression: CompressionTypes.GZIP });
  await producer.disconnect();
  const found: unknown[] = [];
  for await (const batch of log.readRange({ topic, partition: 0, fromOffset: 100n, toOffset: 103n })) {
    found.push(...batch.map(({ key, value, headers }) => [key, Buffer.from(value!).toString(), headers]));
  }
  expect(found).toEqual([100, 101, 102].map((at) => [`${at}`, `value ${at}`, { h: `${at}` }]));
});
