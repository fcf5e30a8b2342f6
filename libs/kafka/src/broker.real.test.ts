import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CauseMarks } from '@tickwell/domain';
import { startStack } from '@tickwell/local-stack';
import type { Stack } from '@tickwell/local-stack';
import { SILENT } from '@tickwell/ports';
import type { LogRecord } from '@tickwell/ports';
import { eventually } from '@tickwell/ports/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTopic } from './fixtures/real.ts';
import { createKafkaLog } from './index.ts';
import type { KafkaLog } from './index.ts';

const PARTITIONS = 2;
const COUNT = 3_000;
/** How far the first records must have come before the broker is killed: in the middle of sending, whatever the machine. */
const KILL_AT = 500;
let stack: Stack;
let log: KafkaLog;

beforeAll(async () => {
  stack = await startStack({ dataDir: await mkdtemp(join(tmpdir(), 'tickwell-kafka-')), ephemeral: true });
  log = createKafkaLog({
    brokers: stack.kafkaBrokers,
    clientId: 'killed',
    logger: SILENT,
    requestTimeoutMs: 2_000,
    sessionTimeoutMs: 5_000,
    sendDeadlineMs: 110_000,
    unreachableTimeoutMs: 110_000,
  });
});
afterAll(async () => {
  await log.close();
  await stack.stop();
});

/** The numbers of a partition as a reader by cause sees them. */
function byCause(records: readonly LogRecord[], partition: number): number[] {
  const marks = new CauseMarks();
  return records
    .filter((record) => record.partition === partition)
    .map(({ key }) => Number(key))
    .filter((n) => marks.advance({ origin: 'sender', n: BigInt(n), k: 0 }));
}

it('a broker killed in the middle of sending and started again: acknowledged = stored, in order, for every reader', async () => {
  const topic = await createTopic(stack.kafkaBrokers, { partitions: PARTITIONS });
  const tailed: LogRecord[] = [];
  const tail = log.createTail({
    topics: [topic],
    from: 'latest',
    onRecords: (records) => void tailed.push(...records),
  });
  await tail.start();
  const grouped: LogRecord[] = [];
  const consumer = log.createConsumer({ groupId: randomUUID(), topics: [topic] });
  const running = consumer.run((partition) =>
    Promise.resolve({
      startOffset: partition.committed?.offset ?? partition.beginOffset,
      handle: async (records) => {
        grouped.push(...records);
        await partition.commit({ offset: (records.at(-1)?.offset ?? 0n) + 1n, metadata: '' });
      },
      close: () => Promise.resolve(),
    }),
  );
  const sink = await log.createSink({ name: 'sender' });
  let acknowledged = 0;
  const sending = (async () => {
    for (let n = 1; n <= COUNT; n += 5) {
      const calls = [0, 1, 2, 3, 4].map(async (at) => {
        const record = {
          topic,
          key: `${n + at}`,
          partition: at % PARTITIONS,
          value: Buffer.alloc(200),
          headers: {},
        };
        await sink.send([record]);
        acknowledged++;
      });
      await Promise.all(calls);
    }
  })();
  await eventually(() => {
    expect(acknowledged).toBeGreaterThan(KILL_AT);
    expect(grouped.length).toBeGreaterThan(0);
  });
  await stack.kafka.kill('SIGKILL');
  expect(acknowledged).toBeLessThan(COUNT);
  await stack.kafka.restart();
  await sending;
  const expected = [0, 1].map((partition) =>
    Array.from({ length: COUNT }, (_, at) => at + 1).filter((n) => ((n - 1) % 5) % PARTITIONS === partition),
  );
  await eventually(() => {
    for (const partition of [0, 1]) {
      expect(byCause(tailed, partition)).toEqual(expected[partition]);
      expect(byCause(grouped, partition)).toEqual(expected[partition]);
    }
  });
  const offsets = tailed.filter(({ partition }) => partition === 0).map(({ offset }) => offset);
  expect(new Set(offsets).size).toBe(offsets.length);
  await consumer.stop();
  await running;
  await tail.stop();
});

it('a broker that hangs and goes on: nothing is lost and the consumer is still there', async () => {
  const topic = await createTopic(stack.kafkaBrokers, { partitions: 1 });
  const sink = await log.createSink({ name: 'hanging' });
  const got: LogRecord[] = [];
  const consumer = log.createConsumer({ groupId: randomUUID(), topics: [topic] });
  const running = consumer.run(({ beginOffset }) =>
    Promise.resolve({
      startOffset: beginOffset,
      handle: (records) => Promise.resolve(void got.push(...records)),
      close: () => Promise.resolve(),
    }),
  );
  running.catch(() => undefined);
  const send = (n: number): Promise<void> => sink.send([{ topic, key: `${n}`, value: null, headers: {} }]);
  await send(1);
  await eventually(() => {
    expect(got).toHaveLength(1);
  });
  stack.kafka.pause();
  const during = [2, 3, 4].map(send);
  // Long enough that a request of each kind timed out and a new connection hung, too.
  for (let failures = 0; failures < 4;) await log.describeTopic(topic).catch(() => failures++);
  stack.kafka.resume();
  await Promise.all(during);
  await send(5);
  await eventually(() => {
    expect(new Set(byCause(got, 0))).toEqual(new Set([1, 2, 3, 4, 5]));
  });
  await consumer.stop();
  await running;
});
