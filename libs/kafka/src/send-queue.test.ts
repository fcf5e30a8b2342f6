import fc from 'fast-check';
import type { NewRecord } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { recordBytes } from './protocol/batch-writer.ts';
import { SendQueue } from './send-queue.ts';
import type { BatchLimits } from './send-queue.ts';

const ROOMY: BatchLimits = { maxRecords: 1_000, maxBytes: 1e9, maxPartitionBytes: 1e9 };

function record(key: string, bytes = 0, partition = 0): NewRecord {
  return { topic: 't', key, value: new Uint8Array(bytes), headers: {}, partition };
}

const place = ({ partition }: NewRecord): number => partition ?? 0;

function add(queue: SendQueue, records: readonly NewRecord[]): Promise<void> {
  return queue.add(records, records.map(recordBytes));
}

/** Sends everything and returns the batches. */
function drain(queue: SendQueue, limits: BatchLimits): NewRecord[][] {
  const batches: NewRecord[][] = [];
  while (!queue.isEmpty) {
    const batch = queue.take(limits, place);
    if (batch.records.length > 0) batches.push(batch.records.map((placed) => placed.record));
    queue.complete(batch);
  }
  return batches;
}

describe('a send queue', () => {
  it('puts what waits into one batch, in call order', async () => {
    const queue = new SendQueue(1e9);
    const calls = [add(queue, [record('a'), record('b')]), add(queue, []), add(queue, [record('c')])];
    expect(drain(queue, ROOMY).map((batch) => batch.map(({ key }) => key))).toEqual([['a', 'b', 'c']]);
    await Promise.all(calls);
  });

  it('keeps order and every limit whatever the calls, and sends a record above a limit alone', () => {
    const call = fc.array(
      fc.record({ bytes: fc.integer({ min: 0, max: 400 }), partition: fc.nat({ max: 2 }) }),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (calls, maxRecords) => {
        const limits = { maxRecords, maxBytes: 900, maxPartitionBytes: 500 };
        const queue = new SendQueue(1e9);
        const all = calls.map((records, at) =>
          records.map(({ bytes, partition }, index) => record(`${at}.${index}`, bytes, partition)),
        );
        for (const records of all) void add(queue, records);
        const batches = drain(queue, limits);
        expect(batches.flat()).toEqual(all.flat());
        for (const batch of batches) {
          if (batch.length === 1) continue;
          expect(batch.length).toBeLessThanOrEqual(maxRecords);
          const sizes = batch.map(recordBytes);
          expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(limits.maxBytes);
          for (const partition of [0, 1, 2]) {
            const slot = batch.filter((each) => each.partition === partition).map(recordBytes);
            expect(slot.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(limits.maxPartitionBytes);
          }
        }
      }),
    );
  });

  it('resolves a call only with the batch that holds its last record', async () => {
    const queue = new SendQueue(1e9);
    const done: string[] = [];
    void add(queue, [record('a'), record('b'), record('c')]).then(() => done.push('first'));
    void add(queue, [record('d')]).then(() => done.push('second'));
    const two = { ...ROOMY, maxRecords: 2 };
    queue.complete(queue.take(two, place));
    await Promise.resolve();
    expect(done).toEqual([]);
    queue.complete(queue.take(two, place));
    await Promise.resolve();
    expect(done).toEqual(['first', 'second']);
  });

  it('is bounded in bytes, takes any call when empty, and has room again after sending', async () => {
    const queue = new SendQueue(1_000);
    const first = add(queue, [record('a', 5_000)]);
    expect(() => add(queue, [record('b')])).toThrow(
      expect.objectContaining({ code: 'sink-full', retryable: true }),
    );
    drain(queue, ROOMY);
    await first;
    const again = add(queue, [record('c')]);
    drain(queue, ROOMY);
    await again;
  });

  it('rejects everything that waits when the sink breaks', async () => {
    const queue = new SendQueue(1e9);
    const calls = [add(queue, [record('a'), record('b')]), add(queue, [record('c')])];
    queue.take({ ...ROOMY, maxRecords: 1 }, place);
    queue.rejectAll(new Error('broken'));
    for (const call of await Promise.allSettled(calls)) expect(call.status).toBe('rejected');
    expect(queue.isEmpty).toBe(true);
  });

  it('counts at least what a record takes in the log', () => {
    const plain = recordBytes(record('é', 10));
    expect(plain).toBeGreaterThanOrEqual(2 + 10 + 21);
    expect(recordBytes({ ...record('é', 10), headers: { name: 'ü' } })).toBeGreaterThanOrEqual(plain + 6 + 2);
  });
});
