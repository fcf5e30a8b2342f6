import { SILENT } from '@tickwell/ports';
import { eventually } from '@tickwell/ports/contract';
import { afterEach, expect, inject, it } from 'vitest';
import { createTopic } from './fixtures/real.ts';
import { createKafkaLog, type KafkaLog, type KafkaLogOptions } from './index.ts';

const brokers = inject('stack').kafkaBrokers;
const PARTITIONS = 3;
const RECORDS = 20;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function open(options: Partial<KafkaLogOptions> = {}): KafkaLog {
  const log = createKafkaLog({ brokers, clientId: 'fetch', logger: SILENT, ...options });
  closing.push(() => log.close());
  return log;
}

/** A topic with so many records of so many bytes in each partition, a batch of its own each. */
async function filledTopic(bytes: number): Promise<string> {
  const topic = await createTopic(brokers, { partitions: PARTITIONS });
  const sink = await open().createSink({ name: 'fetch' });
  for (let n = 0; n < RECORDS; n++) {
    const records = Array.from({ length: PARTITIONS }, (_, partition) => ({
      topic,
      key: `${partition}/${n}`,
      value: Buffer.alloc(bytes, n),
      headers: {},
      partition,
    }));
    await sink.send(records);
  }
  return topic;
}

async function readAll(log: KafkaLog, topic: string): Promise<ReadonlySet<string | null>> {
  const found = new Set<string | null>();
  const consumer = log.createConsumer({ groupId: topic, topics: [topic] });
  const running = consumer.run(({ beginOffset }) =>
    Promise.resolve({
      startOffset: beginOffset,
      handle: (records) => {
        for (const { key } of records) found.add(key);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    }),
  );
  await eventually(() => {
    expect(found.size).toBe(PARTITIONS * RECORDS);
  });
  await consumer.stop();
  await running;
  return found;
}

it('delivers batches that are larger than what is fetched of a partition, of all partitions', async () => {
  const topic = await filledTopic(50_000);
  const found = await readAll(open({ maxPartitionFetchBytes: 16 * 1024 }), topic);
  expect(found.size).toBe(PARTITIONS * RECORDS);
});
