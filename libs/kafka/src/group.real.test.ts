import { SILENT } from '@tickwell/ports';
import type { AssignedPartition, EventLog, GroupConsumer, LogRecord } from '@tickwell/ports';
import { eventually } from '@tickwell/ports/contract';
import { createFaultProxy } from '@tickwell/testkit';
import type { FaultProxy } from '@tickwell/testkit';
import { afterEach, expect, inject, it } from 'vitest';
import { createTopic, endpointOf } from './fixtures/real.ts';
import { createKafkaLog } from './index.ts';

const brokers = inject('stack').kafkaBrokers;
const SESSION_TIMEOUT_MS = 1_500;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Member {
  readonly proxy: FaultProxy;
  readonly consumer: GroupConsumer;
  readonly running: Promise<void>;
  readonly opened: AssignedPartition[];
  readonly got: LogRecord[];
  readonly owned: Set<number>;
}

async function member(
  topic: string,
  handle: (partition: AssignedPartition, records: readonly LogRecord[]) => Promise<void> = () =>
    Promise.resolve(),
  { watchdogMs = 60_000, sessionTimeoutMs = SESSION_TIMEOUT_MS } = {},
): Promise<Member> {
  const proxy = await createFaultProxy({ target: endpointOf(brokers[0] ?? '') });
  const log = createKafkaLog({
    brokers,
    clientId: 'member',
    logger: SILENT,
    sessionTimeoutMs,
    requestTimeoutMs: 1_000,
    watchdogMs,
    redirect: () => proxy,
  });
  const consumer = log.createConsumer({ groupId: topic, topics: [topic] });
  const opened: AssignedPartition[] = [];
  const got: LogRecord[] = [];
  const owned = new Set<number>();
  const running = consumer.run((partition) => {
    opened.push(partition);
    owned.add(partition.partition);
    return Promise.resolve({
      startOffset: partition.committed?.offset ?? partition.beginOffset,
      handle: async (records) => {
        got.push(...records);
        await handle(partition, records);
      },
      close: () => {
        owned.delete(partition.partition);
        return Promise.resolve();
      },
    });
  });
  running.catch(() => undefined);
  closing.push(async () => {
    proxy.resume();
    await log.close();
    await proxy.close();
  });
  return { proxy, consumer, running, opened, got, owned };
}

function writer(): EventLog {
  const log = createKafkaLog({ brokers, clientId: 'writer', logger: SILENT });
  closing.push(() => log.close());
  return log;
}

const commitAll = async (partition: AssignedPartition, records: readonly LogRecord[]): Promise<void> => {
  const last = records.at(-1);
  if (last !== undefined) await partition.commit({ offset: last.offset + 1n, metadata: 'all' });
};

it('a member that falls silent is replaced, its late commits are refused, and it joins again when it wakes', async () => {
  const topic = await createTopic(brokers, { partitions: 2 });
  const sink = await writer().createSink({ name: 'w' });
  let committed = 0;
  const dying = await member(topic, async (partition, records) => {
    await commitAll(partition, records);
    committed++;
  });
  let otherCommits = 0;
  const other = await member(topic, async (partition, records) => {
    await commitAll(partition, records);
    otherCommits += records.length;
  });
  await eventually(() => {
    expect([...dying.owned, ...other.owned].toSorted()).toEqual([0, 1]);
    expect(dying.owned.size).toBe(1);
  });
  await sink.send(
    [0, 1].map((partition) => ({ topic, partition, key: 'a', value: Buffer.from('before'), headers: {} })),
  );
  await eventually(() => {
    expect(committed).toBe(1);
    expect(other.got).toHaveLength(1);
  });
  const zombie = dying.opened.at(-1)!;
  dying.proxy.pause();
  await eventually(() => {
    expect([...other.owned].toSorted()).toEqual([0, 1]);
  });
  await sink.send(
    [0, 1].map((partition) => ({ topic, partition, key: 'a', value: Buffer.from('after'), headers: {} })),
  );
  await eventually(() => {
    expect(other.got).toHaveLength(3);
    expect(otherCommits).toBe(3);
  });
  dying.proxy.resume();
  expect(await zombie.commit({ offset: 99n, metadata: 'zombie' })).toBe(false);
  await eventually(() => {
    expect(dying.owned.size).toBe(1);
    expect(other.owned.size).toBe(1);
  });
  for (const { opened } of [dying, other]) {
    expect(opened.at(-1)?.committed).toEqual({ offset: 2n, metadata: 'all' });
  }
});

it('a handler that takes longer than the session timeout keeps its partition', async () => {
  const topic = await createTopic(brokers, { partitions: 1 });
  const sink = await writer().createSink({ name: 'w' });
  const commits: boolean[] = [];
  const busy = await member(topic, async (partition, records) => {
    // Not a wait for something: that so much time passes is what is tested.
    await new Promise((resolve) => setTimeout(resolve, 2 * SESSION_TIMEOUT_MS));
    commits.push(await partition.commit({ offset: records[0]!.offset + 1n, metadata: '' }));
  });
  await sink.send([{ topic, key: 'a', value: null, headers: {} }]);
  await eventually(() => {
    expect(commits).toEqual([true]);
  });
  expect(busy.opened).toHaveLength(1);
});

it('broken connections in the middle of reading lose nothing and repeat nothing within a session', async () => {
  const topic = await createTopic(brokers, { partitions: 1 });
  const sink = await writer().createSink({ name: 'w' });
  // Long enough that cut connections alone, on a busy machine, never cost the membership.
  const reader = await member(topic, undefined, { sessionTimeoutMs: 30_000 });
  const send = (from: number): Promise<void> =>
    sink.send(
      Array.from({ length: 200 }, (_, at) => ({
        topic,
        key: `${from + at}`,
        value: Buffer.alloc(2_000),
        headers: {},
      })),
    );
  for (let round = 0; round < 10; round++) {
    reader.proxy.cutAfterBytes(150_000);
    await send(200 * round);
    await eventually(() => {
      expect(reader.got.length).toBeGreaterThanOrEqual(200 * (round + 1));
    });
  }
  expect(reader.opened).toHaveLength(1);
  expect(reader.got.map(({ key }) => Number(key))).toEqual(Array.from({ length: 2_000 }, (_, at) => at));
});

it('lag without progress ends the consumer, naming the partition', async () => {
  const topic = await createTopic(brokers, { partitions: 1 });
  const sink = await writer().createSink({ name: 'w' });
  const gate = Promise.withResolvers<undefined>();
  const stuck = await member(topic, () => gate.promise.then(() => undefined), { watchdogMs: 500 });
  await sink.send([{ topic, key: 'a', value: null, headers: {} }]);
  await eventually(() => {
    expect(stuck.opened[0]?.signal.aborted).toBe(true);
  });
  gate.resolve(undefined);
  await expect(stuck.running).rejects.toMatchObject({
    code: 'reader-stalled',
    message: expect.stringContaining(`${topic}/0`) as unknown,
  });
});

it('an offset that retention removed is an error, not a silent jump', async () => {
  const topic = await createTopic(brokers, { partitions: 1 });
  const consumer = writer().createConsumer({ groupId: topic, topics: [topic] });
  const running = consumer.run(() =>
    Promise.resolve({ startOffset: 5n, handle: () => Promise.resolve(), close: () => Promise.resolve() }),
  );
  await expect(running).rejects.toMatchObject({ code: 'offset-out-of-range' });
});
