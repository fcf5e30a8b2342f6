import type { LogRecord } from '@tickwell/ports';
import { expect, it } from 'vitest';
import { PartitionBuffer } from './partition-buffer.ts';
import type { BufferOptions } from './partition-buffer.ts';
import type { FetchedPartition } from './protocol/fetch.ts';

function record(offset: bigint): LogRecord {
  return { topic: 't', partition: 0, offset, key: null, value: null, headers: {}, timestampMs: 0 };
}

function fetched(offsets: bigint[], endOffset: bigint, byteLength = 10): FetchedPartition {
  const nextOffset = (offsets.at(-1) ?? endOffset - 1n) + 1n;
  return {
    topic: 't',
    partition: 0,
    errorCode: 0,
    records: offsets.map(record),
    nextOffset,
    endOffset,
    byteLength,
  };
}

function buffer(options: Partial<BufferOptions>): PartitionBuffer {
  return new PartitionBuffer({
    topic: 't',
    partition: 0,
    fromOffset: 0n,
    handler: () => undefined,
    maxPendingBytes: 25,
    onFailure: () => undefined,
    onRoom: () => undefined,
    ...options,
  });
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

it('hands over at once when idle, and together what arrived while the handler ran', async () => {
  const gates: (() => void)[] = [];
  const calls: bigint[][] = [];
  const under = buffer({
    handler: (records) => {
      calls.push(records.map(({ offset }) => offset));
      return new Promise((resolve) => gates.push(resolve));
    },
  });
  under.accept(fetched([0n], 1n));
  expect(calls).toEqual([[0n]]);
  under.accept(fetched([1n], 3n));
  under.accept(fetched([2n], 3n));
  await turns();
  expect(calls).toHaveLength(1);
  expect(under.lag()).toEqual({ topic: 't', partition: 0, lag: 2n });
  gates.shift()?.();
  await turns();
  expect(calls).toEqual([[0n], [1n, 2n]]);
  expect(under.lag().lag).toBe(0n);
});

it('is full at its bound and says when it has room again', async () => {
  const gates: (() => void)[] = [];
  let rooms = 0;
  const under = buffer({
    handler: () => new Promise((resolve) => gates.push(resolve)),
    onRoom: () => rooms++,
  });
  under.accept(fetched([0n], 9n));
  under.accept(fetched([1n], 9n));
  under.accept(fetched([2n], 9n));
  expect(under.isFull).toBe(false);
  under.accept(fetched([3n], 9n));
  expect(under.isFull).toBe(true);
  gates.shift()?.();
  await turns();
  expect(under.isFull).toBe(false);
  expect(rooms).toBe(1);
});

it('stops after the running call, hands nothing more over and takes nothing more', async () => {
  const gates: (() => void)[] = [];
  const calls: bigint[][] = [];
  const under = buffer({
    handler: (records) => {
      calls.push(records.map(({ offset }) => offset));
      return new Promise((resolve) => gates.push(resolve));
    },
  });
  under.accept(fetched([0n], 3n));
  under.accept(fetched([1n], 3n));
  let stopped = false;
  const stopping = under.stop().then(() => {
    stopped = true;
  });
  await turns();
  expect(stopped).toBe(false);
  gates.shift()?.();
  await stopping;
  under.accept(fetched([2n], 3n));
  await turns();
  expect(calls).toEqual([[0n]]);
});

it('reports what the handler threw, once, and hands nothing more over', async () => {
  const failures: unknown[] = [];
  let calls = 0;
  const failure = new Error('no');
  const under = buffer({
    handler: () => {
      calls++;
      return Promise.reject(failure);
    },
    onFailure: (error) => failures.push(error),
  });
  under.accept(fetched([0n], 2n));
  await turns();
  under.accept(fetched([1n], 2n));
  await turns();
  expect(failures).toEqual([failure]);
  expect(calls).toBe(1);
});

it('passes over a hole that compaction left before the end', () => {
  const under = buffer({});
  under.accept({ ...fetched([], 7n, 0), nextOffset: 0n });
  expect(under.lag().lag).toBe(7n);
  under.skipToEnd();
  expect(under.position).toBe(7n);
  expect(under.lag().lag).toBe(0n);
  expect(under.stalledMs).toBe(0);
});
