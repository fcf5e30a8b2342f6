import { CauseMarks } from '@tickwell/domain';
import { partitionForKey, SILENT } from '@tickwell/ports';
import type { EventLog, LogRecord, NewRecord } from '@tickwell/ports';
import { createFaultProxy } from '@tickwell/testkit';
import type { FaultProxy } from '@tickwell/testkit';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { createClient } from './connection.ts';
import { createTopic, endpointOf } from './fixtures/real.ts';
import { createKafkaLog } from './index.ts';
import { withDefaults } from './options.ts';
import type { KafkaLogOptions } from './options.ts';

const brokers = inject('stack').kafkaBrokers;
const PRODUCE = 0;
const PARTITIONS = 2;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function behindProxy(
  options: Partial<KafkaLogOptions> = {},
): Promise<{ proxy: FaultProxy; options: KafkaLogOptions }> {
  const proxy = await createFaultProxy({ target: endpointOf(brokers[0] ?? '') });
  closing.push(() => proxy.close());
  return {
    proxy,
    options: {
      brokers,
      clientId: 'hazard',
      logger: SILENT,
      requestTimeoutMs: 300,
      redirect: () => proxy,
      ...options,
    },
  };
}

function open(options: KafkaLogOptions): EventLog {
  const log = createKafkaLog(options);
  closing.push(() => log.close());
  return log;
}

function numbered(topic: string, n: number): NewRecord {
  return { topic, key: `${n}`, value: Buffer.from(`${n}`), headers: {}, partition: n % PARTITIONS };
}

async function contents(topic: string): Promise<LogRecord[][]> {
  const log = open({ brokers, clientId: 'check', logger: SILENT });
  const { partitions } = await log.describeTopic(topic);
  return Promise.all(
    partitions.map(async ({ partition, endOffset }) => {
      const records: LogRecord[] = [];
      for await (const batch of log.readRange({ topic, partition, fromOffset: 0n, toOffset: endOffset })) {
        records.push(...batch);
      }
      return records;
    }),
  );
}

/** What a reader makes of a partition: it drops every cause that is not above the highest it has seen. */
function readByCause(records: readonly LogRecord[]): number[] {
  const marks = new CauseMarks();
  return records
    .map(({ key }) => Number(key))
    .filter((n) => marks.advance({ origin: 'hazard', n: BigInt(n), k: 0 }));
}

/** Acknowledged numbers that a reader does not get. */
async function lost(topic: string, acknowledged: readonly number[]): Promise<number[]> {
  const read = new Set((await contents(topic)).flatMap(readByCause));
  return acknowledged.filter((n) => !read.has(n));
}

describe.each([
  ['the client waits in vain', false],
  ['the connection breaks', true],
])('lost produce acknowledgements, %s', (_, thenCut) => {
  it('lose nothing, double nothing for readers, and keep the order', async () => {
    const topic = await createTopic(brokers, { partitions: PARTITIONS });
    const { proxy, options } = await behindProxy();
    const sink = await open(options).createSink({ name: 'hazard' });
    const acknowledged: number[] = [];
    const send = async (n: number): Promise<void> => {
      await sink.send([numbered(topic, n)]);
      acknowledged.push(n);
    };
    await send(1);
    for (let round = 0; round < 8; round++) {
      // One is repeated with the same sequence numbers; four outlast kafkajs' retries, so a new producer repeats.
      proxy.swallowResponses({
        count: round % 2 === 0 ? 1 : 4,
        thenCut,
        matches: ({ apiKey }) => apiKey === PRODUCE,
      });
      await Promise.all(Array.from({ length: 20 }, (__, at) => send(2 + 20 * round + at)));
    }
    expect(proxy.swallowed).toBe(20);
    const all = Array.from({ length: 161 }, (__, at) => at + 1);
    expect(acknowledged).toEqual(all);
    expect(await lost(topic, acknowledged)).toEqual([]);
    const read = (await contents(topic)).map(readByCause);
    expect(read).toEqual([all.filter((n) => n % 2 === 0), all.filter((n) => n % 2 === 1)]);
  });
});

it('puts a record where its key belongs, also while the partitions of other topics are being asked for', async () => {
  const [first, second] = [
    await createTopic(brokers, { partitions: PARTITIONS }),
    await createTopic(brokers, { partitions: 7 }),
  ];
  const sink = await open({ brokers, clientId: 'hazard', logger: SILENT }).createSink({ name: 'hazard' });
  const keyed = (topic: string, key: string): NewRecord => ({
    topic,
    key,
    value: Buffer.from(key),
    headers: {},
  });
  const keys = Array.from({ length: 50 }, (_, n) => `K${n}`);
  const sends = [sink.send([keyed(first, 'K')])];
  for (const key of keys) {
    // Each in a later turn than the one before, so that some come between the question and its answer.
    await new Promise((resolve) => setImmediate(resolve));
    sends.push(sink.send([keyed(second, key)]));
  }
  await Promise.all(sends);
  const places = (await contents(second)).flatMap((records) =>
    records.map(({ key, partition }) => [key, partition] as const),
  );
  expect(new Map(places)).toEqual(new Map(keys.map((key) => [key, partitionForKey(key, 7)])));
});

it('breaks after its deadline, names the reason, and writes nothing newer', async () => {
  const topic = await createTopic(brokers, { partitions: PARTITIONS });
  const { proxy, options } = await behindProxy({ sendDeadlineMs: 500 });
  const sink = await open(options).createSink({ name: 'hazard' });
  await sink.send([numbered(topic, 1)]);
  proxy.cut();
  proxy.refuse(true);
  const calls = [2, 3, 4].map((n) => sink.send([numbered(topic, n)]));
  for (const call of await Promise.allSettled(calls)) {
    expect(call).toMatchObject({ status: 'rejected', reason: { code: 'sink-broken', retryable: false } });
  }
  proxy.refuse(false);
  await expect(sink.send([numbered(topic, 5)])).rejects.toMatchObject({
    code: 'sink-broken',
    message: expect.stringContaining('hazard') as unknown,
  });
  await sink.close();
  expect((await contents(topic)).map(readByCause)).toEqual([[], [1]]);
});

it('says in one line which brokers do not answer', async () => {
  const { proxy, options } = await behindProxy();
  proxy.refuse(true);
  const log = open(options);
  const unreachable = {
    code: 'kafka-unreachable',
    retryable: true,
    message: expect.stringMatching(
      new RegExp(`^Kafka does not answer at ${brokers.join(', ')} .*TICKWELL_KAFKA_BROKERS$`),
    ) as unknown,
  };
  await expect(log.createSink({ name: 'hazard' })).rejects.toMatchObject(unreachable);
  await expect(log.describeTopic('any')).rejects.toMatchObject(unreachable);
});

it('the same loss is found by the same check where sends overlap, as kafkajs alone allows', async () => {
  const topic = await createTopic(brokers, { partitions: PARTITIONS });
  const { proxy, options } = await behindProxy();
  const client = createClient(withDefaults(options));
  const producer = client.kafka.producer({ idempotent: true });
  await producer.connect();
  closing.push(() => producer.disconnect());
  const acknowledged: number[] = [];
  const send = async (n: number): Promise<void> => {
    await producer.send({ topic, messages: [{ key: `${n}`, value: `${n}`, partition: 0 }] });
    acknowledged.push(n);
  };
  await send(1);
  for (let round = 0; round < 10; round++) {
    proxy.swallowResponses({ count: 2, matches: ({ apiKey }) => apiKey === PRODUCE });
    await Promise.allSettled([0, 1, 2].map((at) => send(2 + 3 * round + at)));
  }
  expect(await lost(topic, acknowledged)).not.toEqual([]);
});
