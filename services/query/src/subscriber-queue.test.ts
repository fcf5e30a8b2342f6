import { TickwellError } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { SubscriberQueue } from './subscriber-queue.ts';

const message = (size: number): Uint8Array => new Uint8Array(size);
const NEVER = new AbortController().signal;

describe('SubscriberQueue', () => {
  it('gives back in order, however long it runs', () => {
    const queue = new SubscriberQueue({ messages: 10, bytes: 1_000 });
    for (let n = 0; n < 5_000; n += 1) {
      queue.push(message(n % 7));
      queue.push(message(n % 5));
      expect(queue.shift()?.byteLength).toBe(n % 7);
      expect(queue.shift()?.byteLength).toBe(n % 5);
    }
    expect(queue).toMatchObject({ length: 0, bytes: 0 });
    expect(queue.shift()).toBeUndefined();
  });

  it('gives out together what fits together, and one that is larger alone', () => {
    const queue = new SubscriberQueue({ messages: 10, bytes: 1_000 });
    for (const size of [4, 3, 30, 1, 2]) queue.push(message(size));
    const sizes = (): number[] => queue.shiftAll(10).map(({ byteLength }) => byteLength);
    expect([sizes(), sizes(), sizes(), sizes()]).toEqual([[4, 3], [30], [1, 2], []]);
    expect(queue).toMatchObject({ length: 0, bytes: 0 });
    queue.fail(new TickwellError('stopping', 'bye'));
    expect(() => queue.shiftAll(10)).toThrow('bye');
  });

  it.each([
    ['messages', { messages: 3, bytes: 1_000 }],
    ['bytes', { messages: 100, bytes: 35 }],
  ])('fails for good and keeps nothing when there are too many %s', (_what, limits) => {
    const queue = new SubscriberQueue(limits);
    expect([1, 2, 3].map(() => queue.push(message(10)))).toEqual([true, true, true]);
    expect(queue.push(message(10))).toBe(false);
    expect(queue).toMatchObject({ length: 0, bytes: 0 });
    expect(() => queue.shift()).toThrow(/reader too slow: 4 messages \(40 bytes\)/);
    expect(queue.push(message(1))).toBe(false);
  });

  it.each<[string, (queue: SubscriberQueue, abort: AbortController) => void]>([
    ['a message', (queue) => queue.push(message(1))],
    [
      'a failure',
      (queue) => {
        queue.fail(new TickwellError('stopping', 'bye'));
      },
    ],
    [
      'the signal',
      (_queue, abort) => {
        abort.abort();
      },
    ],
  ])('wakes its reader on %s', async (_what, cause) => {
    const queue = new SubscriberQueue({ messages: 3, bytes: 1_000 });
    const abort = new AbortController();
    const woken = queue.wait(60_000, abort.signal);
    cause(queue, abort);
    await expect(woken).resolves.toBeUndefined();
  });

  it('wakes its reader after the time, and at once when something is there', async () => {
    const queue = new SubscriberQueue({ messages: 3, bytes: 1_000 });
    await queue.wait(1, NEVER);
    queue.push(message(1));
    await queue.wait(60_000, NEVER);
    expect(queue.length).toBe(1);
  });
});
