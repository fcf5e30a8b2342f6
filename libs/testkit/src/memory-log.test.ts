import { eventLogContract } from '@tickwell/ports/contract';
import { describe, expect, it } from 'vitest';
import { MemoryLog } from './memory-log.ts';

for (const maxRecords of [500, 1]) {
  eventLogContract(`memory, ${maxRecords} records a call`, () => {
    const memory = new MemoryLog({ maxRecords });
    let serial = 0;
    return Promise.resolve({
      openLog: () => memory.openProcess(),
      createTopic: (partitions: number) => {
        const name = `topic.${(serial += 1)}`;
        memory.createTopic(name, partitions);
        return Promise.resolve(name);
      },
      close: () => memory.close(),
    });
  });
}

describe('what tests do to the log in memory', () => {
  const place = { topic: 't', partition: 0 };
  const value = (text: string): Uint8Array => Buffer.from(text);
  const send = async (log: MemoryLog, ...keys: string[]): Promise<void> => {
    const sink = await log.createSink({ name: 's' });
    await sink.send(keys.map((key, at) => ({ topic: 't', key, value: value(`${at}`), headers: {} })));
  };
  const offsets = async (log: MemoryLog, fromOffset: bigint, toOffset: bigint): Promise<bigint[]> => {
    const found: bigint[] = [];
    for await (const batch of log.readRange({ ...place, fromOffset, toOffset })) {
      found.push(...batch.map(({ offset }) => offset));
    }
    return found;
  };

  it('breaks a sink for good with the cause given, and writes nothing of the send', async () => {
    const log = new MemoryLog({ topics: [{ name: 't', partitions: 1 }] });
    const sink = await log.createSink({ name: 's' });
    log.faults.failNext(new Error('disk full'));
    const record = { topic: 't', key: 'a', value: null, headers: {} };
    const calls = [sink.send([record]), sink.send([record])];
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: 'rejected', reason: { code: 'sink-broken', retryable: false } });
    }
    await expect(sink.send([record])).rejects.toMatchObject({
      code: 'sink-broken',
      cause: { message: 'disk full' },
    });
    expect(log.records('t')).toEqual([]);
  });

  it('repeats and holds sends', async () => {
    const log = new MemoryLog({ topics: [{ name: 't', partitions: 1 }], nowMs: () => 5 });
    log.faults.repeatNext();
    await send(log, 'a', 'b');
    expect(log.records('t').map(({ key }) => key)).toEqual(['a', 'b', 'a', 'b']);
    const release = log.faults.hold();
    const held = send(log, 'c');
    await Promise.resolve();
    expect(log.records('t')).toHaveLength(4);
    release();
    await held;
    expect(log.records('t').at(-1)).toMatchObject({ key: 'c', offset: 4n, timestampMs: 5 });
  });

  it('compacts and truncates, and ranges pass over the holes', async () => {
    const log = new MemoryLog({ topics: [{ name: 't', partitions: 1 }] });
    await send(log, 'a', 'b', 'a', 'c', 'a');
    const sink = await log.createSink({ name: 'deletes' });
    await sink.send([{ topic: 't', key: 'c', value: null, headers: {} }]);
    log.compact('t');
    expect(await offsets(log, 0n, 6n)).toEqual([1n, 4n]);
    expect(await offsets(log, 2n, 4n)).toEqual([]);
    log.truncate(place, 2n);
    expect(await offsets(log, 0n, 6n)).toEqual([4n]);
    expect((await log.describeTopic('t')).partitions).toEqual([
      { partition: 0, beginOffset: 2n, endOffset: 6n },
    ]);
  });

  it('makes a topic anew under another epoch', async () => {
    const log = new MemoryLog({ topics: [{ name: 't', partitions: 1 }] });
    const before = await log.describeTopic('t');
    log.deleteTopic('t');
    await expect(log.describeTopic('t')).rejects.toMatchObject({ code: 'topic-missing' });
    log.createTopic('t', 1);
    expect((await log.describeTopic('t')).epoch).not.toBe(before.epoch);
  });
});
