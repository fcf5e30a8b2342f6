import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EventLog, NewRecord } from '../log.ts';
import { Member, collect, eventually, record, rememberingTail, text } from './event-log-fixtures.ts';

/** A log that several "processes" can open at once. */
export interface EventLogUnderTest {
  /** A new process on the log; what it opens is closed by the suite. */
  openLog(): EventLog;
  /** Makes an empty topic with a name of its own. */
  createTopic(partitions: number): Promise<string>;
  close(): Promise<void>;
}

interface Cases {
  /** A process, closed after the case. */
  readonly log: () => EventLog;
  readonly topic: (partitions?: number) => Promise<string>;
}

/** Every log keeps this: order per partition, nothing missing, one owner per partition of a group, positions that mean what they say. */
export function eventLogContract(name: string, open: () => Promise<EventLogUnderTest>): void {
  describe(`event log contract: ${name}`, () => {
    let opened: EventLogUnderTest | undefined;
    const logs: EventLog[] = [];
    const underTest = (): EventLogUnderTest => {
      if (opened === undefined) throw new Error('the log is not open');
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await Promise.all(logs.splice(0).map((log) => log.close()));
    });
    afterAll(async () => {
      await opened?.close();
    });
    const cases: Cases = {
      log: () => {
        const log = underTest().openLog();
        logs.push(log);
        return log;
      },
      topic: (partitions = 1) => underTest().createTopic(partitions),
    };
    describe('sink', () => {
      sinkCases(cases);
    });
    describe('description and ranges', () => {
      rangeCases(cases);
    });
    describe('tail', () => {
      tailCases(cases);
    });
    describe('group', () => {
      groupCases(cases);
    });
    describe('group failures', () => {
      groupFailureCases(cases);
    });
  });
}

function sinkCases({ log, topic }: Cases): void {
  it('writes overlapping calls in call order, and each resolves once its records are in the log', async () => {
    const name = await topic();
    const writer = log();
    const sink = await writer.createSink({ name: 'order' });
    const sent = Array.from({ length: 200 }, async (_, at) => {
      await sink.send([record(name, 'a', `${at}/0`), record(name, 'b', `${at}/1`)]);
      const { partitions } = await writer.describeTopic(name);
      expect(partitions[0]!.endOffset).toBeGreaterThanOrEqual(BigInt(2 * at + 2));
    });
    await Promise.all(sent);
    const expected = Array.from({ length: 200 }, (_, at) => [`${at}/0`, `${at}/1`]).flat();
    const found = await collect(writer, name);
    expect(found.map(text)).toEqual(expected);
    expect(found.map(({ offset }) => offset)).toEqual(expected.map((_, at) => BigInt(at)));
  });

  it('keeps key, value, headers and null values as they were', async () => {
    const name = await topic();
    const writer = log();
    const sink = await writer.createSink({ name: 'bytes' });
    const every = Uint8Array.from({ length: 256 }, (_, at) => at);
    const before = Date.now();
    await sink.send([
      {
        topic: name,
        key: 'ключ 🚀',
        value: every,
        headers: { 'content-type': 'a/b; c=d', leer: '', ü: 'ß' },
      },
      { topic: name, key: '', value: new Uint8Array(), headers: {} },
      { topic: name, key: 'gone', value: null, headers: {} },
    ]);
    const [first, second, third] = await collect(writer, name);
    expect(first).toMatchObject({ topic: name, partition: 0, key: 'ключ 🚀' });
    expect(first!.headers).toEqual({ 'content-type': 'a/b; c=d', leer: '', ü: 'ß' });
    expect([...first!.value!]).toEqual([...every]);
    expect(first!.timestampMs).toBeGreaterThanOrEqual(before);
    expect(first!.timestampMs).toBeLessThanOrEqual(Date.now());
    expect(second).toMatchObject({ key: '', headers: {} });
    expect(second!.value).toHaveLength(0);
    expect(third!.value).toBeNull();
  });

  it('puts a record where it says, and otherwise every record of a key together, as Java clients do', async () => {
    const name = await topic(4);
    const writer = log();
    const sink = await writer.createSink({ name: 'partitions' });
    await sink.send([record(name, 'AAPL', 'x', 3), record(name, 'AAPL', 'y', 0)]);
    await sink.send(['AAPL', 'MSFT', 'BTC/USD', 'AAPL'].map((key) => record(name, key, key)));
    const places = await Promise.all(
      [0, 1, 2, 3].map(async (at) => (await collect(writer, name, at)).map(text)),
    );
    // By org.apache.kafka.common.utils.Utils.murmur2 of the key, modulo 4.
    expect(places).toEqual([['y'], ['AAPL', 'BTC/USD', 'AAPL'], ['MSFT'], ['x']]);
  });

  it('writes a large call of large records whole and in order, after it and before the next', async () => {
    const name = await topic();
    const writer = log();
    const sink = await writer.createSink({ name: 'large' });
    const large = (at: number): NewRecord => ({
      ...record(name, `${at}`, ''),
      value: Buffer.alloc(500_000, at),
    });
    const calls = [0, 10, 20].map((from) =>
      sink.send(Array.from({ length: 10 }, (_, at) => large(from + at))),
    );
    await Promise.all(calls);
    const found = await collect(writer, name);
    expect(found.map(({ key }) => key)).toEqual(Array.from({ length: 30 }, (_, at) => `${at}`));
    expect(found.every(({ value }, at) => value!.length === 500_000 && value![499_999] === at)).toBe(true);
  });

  it('waits at close for what was handed over, and takes nothing afterwards', async () => {
    const name = await topic();
    const writer = log();
    const sink = await writer.createSink({ name: 'close' });
    const sent = sink.send([record(name, 'a', 'last')]);
    await sink.close();
    await sent;
    expect((await collect(writer, name)).map(text)).toEqual(['last']);
    await expect(sink.send([record(name, 'a', 'late')])).rejects.toMatchObject({ code: 'sink-closed' });
    await sink.close();
  });

  it('refuses a record no log would take, and goes on', async () => {
    const name = await topic();
    const writer = log();
    const sink = await writer.createSink({ name: 'too large' });
    const huge = { ...record(name, 'a', ''), value: new Uint8Array(5 * 1024 * 1024) };
    await expect(sink.send([record(name, 'a', 'with'), huge])).rejects.toMatchObject({
      code: 'record-too-large',
    });
    await sink.send([record(name, 'a', 'next')]);
    await sink.send([]);
    expect((await collect(writer, name)).map(text)).toEqual(['next']);
  });
}

function rangeCases({ log, topic }: Cases): void {
  it('describes a topic: its epoch, its own, and the offsets of every partition', async () => {
    const [name, other] = [await topic(2), await topic(1)];
    const reader = log();
    const sink = await reader.createSink({ name: 'describe' });
    await sink.send([record(name, 'a', '0', 1), record(name, 'a', '1', 1)]);
    const description = await reader.describeTopic(name);
    expect(description).toEqual({
      topic: name,
      epoch: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      partitions: [
        { partition: 0, beginOffset: 0n, endOffset: 0n },
        { partition: 1, beginOffset: 0n, endOffset: 2n },
      ],
    });
    expect((await log().describeTopic(name)).epoch).toBe(description.epoch);
    expect((await reader.describeTopic(other)).epoch).not.toBe(description.epoch);
    await expect(reader.describeTopic(`${name}.none`)).rejects.toMatchObject({ code: 'topic-missing' });
  });

  it('says where a topic ends as it is at the question', async () => {
    const name = await topic(2);
    const reader = log();
    const ends = async (): Promise<unknown> => Object.fromEntries(await reader.endOffsets(name));
    expect(await ends()).toEqual({ 0: 0n, 1: 0n });
    const sink = await log().createSink({ name: 'ends' });
    for (let sent = 1n; sent <= 5n; sent += 1n) {
      await sink.send([record(name, 'a', `${sent}`, 1)]);
      expect(await ends()).toEqual({ 0: 0n, 1: sent });
    }
    await expect(reader.endOffsets(`${name}.none`)).rejects.toMatchObject({ code: 'topic-missing' });
  });

  it('reads a range half-open, in order, and nothing of an empty one', async () => {
    const name = await topic();
    const reader = log();
    const sink = await reader.createSink({ name: 'range' });
    await sink.send(Array.from({ length: 1_000 }, (_, at) => record(name, 'a', `${at}`)));
    const read = async (fromOffset: bigint, toOffset: bigint): Promise<string[]> => {
      const values: string[] = [];
      for await (const batch of reader.readRange({ topic: name, partition: 0, fromOffset, toOffset })) {
        expect(batch.length).toBeGreaterThan(0);
        values.push(...batch.map(text));
      }
      return values;
    };
    expect(await read(0n, 0n)).toEqual([]);
    expect(await read(7n, 7n)).toEqual([]);
    expect(await read(9n, 3n)).toEqual([]);
    expect(await read(0n, 1n)).toEqual(['0']);
    expect(await read(998n, 1_000n)).toEqual(['998', '999']);
    expect(await read(0n, 1_000n)).toEqual(Array.from({ length: 1_000 }, (_, at) => `${at}`));
    await expect(read(-5n, 2n)).resolves.toEqual(['0', '1']);
  });

  it('waits for the end of a range that is not written yet, and gives up by signal', async () => {
    const name = await topic();
    const reader = log();
    const sink = await reader.createSink({ name: 'future' });
    await sink.send([record(name, 'a', '0')]);
    const controller = new AbortController();
    const got: string[] = [];
    const read = async (toOffset: bigint, signal?: AbortSignal): Promise<void> => {
      const place = { topic: name, partition: 0, fromOffset: 0n, toOffset };
      for await (const batch of reader.readRange(signal === undefined ? place : { ...place, signal })) {
        got.push(...batch.map(text));
      }
    };
    const reading = read(2n);
    await eventually(() => {
      expect(got).toEqual(['0']);
    });
    await sink.send([record(name, 'a', '1')]);
    await reading;
    expect(got).toEqual(['0', '1']);
    const never = read(99n, controller.signal);
    await eventually(() => {
      expect(got).toHaveLength(4);
    });
    controller.abort();
    await never;
  });
}

function tailCases({ log, topic }: Cases): void {
  it('delivers everything written after start returned, and nothing before', async () => {
    const name = await topic(3);
    const writer = log();
    const sink = await writer.createSink({ name: 'tail' });
    await sink.send([0, 1, 2].map((partition) => record(name, 'a', `old ${partition}`, partition)));
    for (let round = 0; round < 5; round++) {
      const { tail, got } = rememberingTail(log(), name, 'latest');
      await tail.start();
      const before = BigInt(1 + 2 * round);
      expect(tail.startPositions().map(({ nextOffset }) => nextOffset)).toEqual([before, before, before]);
      const values = [0, 1, 2].flatMap((partition) => [`${round} a ${partition}`, `${round} b ${partition}`]);
      await sink.send(values.map((value, at) => record(name, 'a', value, Math.floor(at / 2))));
      await eventually(() => {
        expect(got).toHaveLength(6);
      });
      expect(got.map(text).toSorted()).toEqual(values.toSorted());
      await tail.stop();
      await tail.done;
    }
  });

  it('delivers from the first record on with earliest, in order, one call at a time', async () => {
    const name = await topic();
    const reader = log();
    const sink = await reader.createSink({ name: 'earliest' });
    await sink.send(Array.from({ length: 500 }, (_, at) => record(name, 'a', `${at}`)));
    const got: string[] = [];
    let inside = 0;
    const tail = reader.createTail({
      topics: [name],
      from: 'earliest',
      onRecords: async (records) => {
        expect(++inside).toBe(1);
        await Promise.resolve();
        got.push(...records.map(text));
        inside--;
      },
    });
    await tail.start();
    expect(tail.startPositions()).toEqual([{ topic: name, partition: 0, nextOffset: 0n }]);
    await Promise.all([500, 501, 502].map((at) => sink.send([record(name, 'a', `${at}`)])));
    await eventually(() => {
      expect(got).toHaveLength(503);
    });
    expect(got).toEqual(Array.from({ length: 503 }, (_, at) => `${at}`));
    await tail.stop();
    await sink.send([record(name, 'a', 'after')]);
    await tail.done;
    expect(got).toHaveLength(503);
  });

  it('fails with what its receiver threw, and refuses a topic that is not there', async () => {
    const name = await topic();
    const reader = log();
    const sink = await reader.createSink({ name: 'failing tail' });
    const failure = new Error('receiver failed');
    const tail = reader.createTail({
      topics: [name],
      from: 'latest',
      onRecords: () => Promise.reject(failure),
    });
    await tail.start();
    await sink.send([record(name, 'a', '0')]);
    await expect(tail.done).rejects.toBe(failure);
    await tail.stop();
    const lost = rememberingTail(reader, `${name}.none`, 'latest').tail;
    await expect(lost.start()).rejects.toMatchObject({ code: 'topic-missing' });
  });
}

function groupCases({ log, topic }: Cases): void {
  it('opens every partition with its offsets, from where the session wants, and hands over in order', async () => {
    const name = await topic(2);
    const reader = log();
    const sink = await reader.createSink({ name: 'group' });
    await sink.send(Array.from({ length: 10 }, (_, at) => record(name, 'a', `${at}`, 0)));
    const member = new Member(
      reader,
      { groupId: name, topic: name },
      () => undefined,
      ({ partition }) => (partition === 0 ? 7n : 0n),
    );
    await eventually(() => {
      expect(member.got.map(text)).toEqual(['7', '8', '9']);
    });
    const { epoch } = await reader.describeTopic(name);
    const opened = member.sessions
      .map(({ partition }) => partition)
      .toSorted((a, b) => a.partition - b.partition);
    expect(opened).toMatchObject([
      { topic: name, partition: 0, epoch, committed: null, beginOffset: 0n, endOffset: 10n },
      { topic: name, partition: 1, epoch, committed: null, beginOffset: 0n, endOffset: 0n },
    ]);
    await sink.send([record(name, 'a', '10', 0), record(name, 'b', 'first', 1)]);
    await eventually(() => {
      expect(member.got).toHaveLength(5);
    });
    expect(member.consumer.lag().toSorted((a, b) => a.partition - b.partition)).toEqual([
      { topic: name, partition: 0, lag: 0n },
      { topic: name, partition: 1, lag: 0n },
    ]);
    await member.consumer.stop();
    await member.running;
    expect(member.open).toEqual([]);
    expect(member.sessions.every(({ partition }) => partition.signal.aborted)).toBe(true);
    await member.consumer.stop();
  });

  it('gives the next owner the committed offset and its metadata, per group', async () => {
    const name = await topic();
    const first = log();
    const sink = await first.createSink({ name: 'commit' });
    await sink.send(Array.from({ length: 5 }, (_, at) => record(name, 'a', `${at}`)));
    const metadata = `{"marks":"${'ü🚀'.repeat(600)}"}`;
    const commits: boolean[] = [];
    const member = new Member(first, { groupId: `${name}.1`, topic: name }, async ({ partition }) => {
      if (commits.length > 0) return;
      commits.push(await partition.commit({ offset: 2n, metadata: 'early' }));
      commits.push(await partition.commit({ offset: 3n, metadata }));
    });
    await eventually(() => {
      expect(commits).toEqual([true, true]);
    });
    await expect(
      member.sessions[0]!.partition.commit({ offset: 3n, metadata: 'x'.repeat(4_001) }),
    ).rejects.toMatchObject({ code: 'commit-metadata-too-long' });
    await member.consumer.stop();
    await member.running;
    const next = new Member(log(), { groupId: `${name}.1`, topic: name });
    const other = new Member(log(), { groupId: `${name}.2`, topic: name });
    await eventually(() => {
      expect(next.got.map(text)).toEqual(['3', '4']);
      expect(other.got.map(text)).toEqual(['0', '1', '2', '3', '4']);
    });
    expect(next.sessions[0]!.partition.committed).toEqual({ offset: 3n, metadata });
    expect(other.sessions[0]!.partition.committed).toBeNull();
  });

  it('shares the partitions among members and hands the share of one that leaves over', async () => {
    const name = await topic(4);
    const options = { groupId: name, topic: name };
    const sink = await log().createSink({ name: 'share' });
    const first = new Member(log(), options);
    await eventually(() => {
      expect(first.partitions).toEqual([0, 1, 2, 3]);
    });
    const alone = first.open;
    const second = new Member(log(), options);
    await eventually(() => {
      expect(first.partitions).toHaveLength(2);
      expect(second.partitions).toHaveLength(2);
    });
    expect([...first.partitions, ...second.partitions].toSorted()).toEqual([0, 1, 2, 3]);
    for (const { partition, closed } of alone) {
      expect(partition.signal.aborted).toBe(true);
      expect(closed).toBe(true);
    }
    await sink.send([0, 1, 2, 3].map((partition) => record(name, 'a', `${partition}`, partition)));
    await eventually(() => {
      expect([...first.got, ...second.got].map(text).toSorted()).toEqual(['0', '1', '2', '3']);
    });
    await second.consumer.stop();
    await second.running;
    await eventually(() => {
      expect(first.partitions).toEqual([0, 1, 2, 3]);
    });
  });

  it('refuses the commit of a member whose partition went on to another generation', async () => {
    const name = await topic(2);
    const options = { groupId: name, topic: name };
    const first = new Member(log(), options);
    await eventually(() => {
      expect(first.partitions).toEqual([0, 1]);
    });
    const zombies = first.open.map(({ partition }) => partition);
    expect(await zombies[0]!.commit({ offset: 0n, metadata: 'mine' })).toBe(true);
    const second = new Member(log(), options);
    await eventually(() => {
      expect(second.partitions).toHaveLength(1);
    });
    for (const zombie of zombies) expect(await zombie.commit({ offset: 0n, metadata: 'zombie' })).toBe(false);
    await Promise.all([first.consumer.stop(), second.consumer.stop()]);
    expect(await second.sessions[0]!.partition.commit({ offset: 0n, metadata: 'stopped' })).toBe(false);
    const third = new Member(log(), options);
    await eventually(() => {
      expect(third.partitions).toEqual([0, 1]);
    });
    const metadata = third.open
      .map(({ partition }) => partition.committed?.metadata)
      .filter((m) => m !== undefined);
    expect(metadata).toEqual(['mine']);
  });

  it('lets a running handler end before its partition is opened elsewhere', async () => {
    const name = await topic();
    const options = { groupId: name, topic: name };
    const sink = await log().createSink({ name: 'slow' });
    await sink.send([record(name, 'a', '0'), record(name, 'a', '1')]);
    const gate = Promise.withResolvers<undefined>();
    const first = new Member(log(), options, async ({ partition }) => {
      await gate.promise;
      await partition.commit({ offset: 2n, metadata: 'done' });
    });
    await eventually(() => {
      expect(first.got.length).toBeGreaterThan(0);
    });
    const stopped = first.consumer.stop();
    const second = new Member(log(), options);
    expect(first.open).toHaveLength(1);
    gate.resolve(undefined);
    await stopped;
    expect(first.open).toHaveLength(0);
    await eventually(() => {
      expect(second.partitions).toEqual([0]);
    });
    expect(second.sessions[0]!.partition.committed).toEqual({ offset: 2n, metadata: 'done' });
  });
}

function groupFailureCases({ log, topic }: Cases): void {
  it('stops with what a handler threw, closes every session and frees the partitions', async () => {
    const name = await topic(2);
    const options = { groupId: name, topic: name };
    const sink = await log().createSink({ name: 'crash' });
    const failure = new Error('handler failed');
    const member = new Member(log(), options, () => Promise.reject(failure));
    await eventually(() => {
      expect(member.partitions).toEqual([0, 1]);
    });
    await sink.send([record(name, 'a', '0', 0)]);
    await expect(member.running).rejects.toBe(failure);
    expect(member.open).toEqual([]);
    expect(member.sessions.every(({ partition }) => partition.signal.aborted)).toBe(true);
    await member.consumer.stop();
    const next = new Member(log(), options);
    await eventually(() => {
      expect(next.got.map(text)).toEqual(['0']);
    });
  });

  it('fails when a session cannot be opened, and closes those that were', async () => {
    const name = await topic(2);
    const closed: number[] = [];
    const consumer = log().createConsumer({ groupId: name, topics: [name] });
    const failure = new Error('cannot restore');
    const running = consumer.run(({ partition, beginOffset }) =>
      partition === 1
        ? Promise.reject(failure)
        : Promise.resolve({
            startOffset: beginOffset,
            handle: () => Promise.resolve(),
            close: () => {
              closed.push(partition);
              return Promise.resolve();
            },
          }),
    );
    await expect(running).rejects.toBe(failure);
    expect(closed).toEqual([0]);
  });

  it('runs once', async () => {
    const name = await topic();
    const consumer = log().createConsumer({ groupId: name, topics: [name] });
    const open = (): Promise<never> => Promise.reject(new Error('never opened'));
    await consumer.stop();
    await expect(consumer.run(open)).rejects.toMatchObject({ code: 'consumer-used' });
  });

  it('refuses a topic that is not there', async () => {
    const name = await topic();
    const consumer = log().createConsumer({ groupId: name, topics: [`${name}.none`] });
    const open = (): Promise<never> => Promise.reject(new Error('never opened'));
    await expect(consumer.run(open)).rejects.toMatchObject({ code: 'topic-missing' });
  });
}
