import { TickwellError } from '@tickwell/domain';
import fc from 'fast-check';
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

  describe('of a reader who would rather have the newest', () => {
    const told = (events: number): Uint8Array => new Uint8Array([255, events]);
    const of = (series: string, events = 1, lastNs = 0n) => [events, { series, lastNs }] as const;
    const all = (queue: SubscriberQueue): number[][] => queue.shiftAll(1_000).map((bytes) => [...bytes]);

    it('leaves nothing out as long as everything fits', () => {
      const queue = new SubscriberQueue({ messages: 3, bytes: 100 }, told);
      for (const n of [1, 2, 3]) expect(queue.push(new Uint8Array([n]), ...of('A'))).toBe(true);
      expect([all(queue), queue.dropped]).toEqual([[[1], [2], [3]], 0]);
    });

    it('keeps the newest of each series once it is full, says before it what was left out, and is as before when all was taken', () => {
      const queue = new SubscriberQueue({ messages: 3, bytes: 100 }, told);
      queue.push(new Uint8Array([1]), ...of('A', 5));
      queue.push(new Uint8Array([2]), ...of('B'));
      queue.push(new Uint8Array([3]), ...of('A', 2));
      queue.push(new Uint8Array([4]), ...of('C'));
      expect(queue.length).toBe(3);
      queue.push(new Uint8Array([5]), ...of('A'));
      expect([queue.length, queue.bytes, queue.dropped]).toEqual([3, 3, 7]);
      expect(all(queue)).toEqual([[255, 7], [2], [4], [5]]);
      for (const n of [6, 7]) queue.push(new Uint8Array([n]), ...of('A'));
      expect([all(queue), queue.length, queue.bytes, queue.dropped]).toEqual([[[6], [7]], 0, 0, 7]);
    });

    it('does not take what is filled in of the past for the newest', () => {
      const queue = new SubscriberQueue({ messages: 2, bytes: 100 }, told);
      queue.push(new Uint8Array([1]), ...of('A', 1, 9n));
      queue.push(new Uint8Array([2]), ...of('A', 4, 3n));
      queue.push(new Uint8Array([3]), ...of('B', 1, 1n));
      queue.push(new Uint8Array([4]), ...of('A', 2, 8n));
      expect([queue.length, queue.bytes, queue.dropped]).toEqual([2, 2, 6]);
      expect(all(queue)).toEqual([[255, 6], [1], [3]]);
    });

    it('holds what its limits allow, never more, and accounts for every event', () => {
      const step = fc.oneof(
        fc.record({ series: fc.constantFrom('A', 'B', 'C'), events: fc.nat(5), lastNs: fc.bigInt(0n, 9n) }),
        fc.constant('take' as const),
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          const queue = new SubscriberQueue({ messages: 4, bytes: 100 }, told);
          let [pushed, taken, toldOf] = [0, 0, 0];
          const take = (): void => {
            for (const [first = 0, events = 0] of all(queue)) {
              if (first === 255) toldOf += events;
              else taken += events;
            }
          };
          for (const each of steps) {
            if (each === 'take') take();
            else {
              pushed += each.events;
              expect(queue.push(new Uint8Array([0, each.events]), each.events, each)).toBe(true);
            }
            expect(queue.length).toBeLessThanOrEqual(4);
          }
          take();
          expect([taken + toldOf, toldOf, queue.bytes]).toEqual([pushed, queue.dropped, 0]);
        }),
      );
    });

    it('fails where even the newest are too many', () => {
      const queue = new SubscriberQueue({ messages: 3, bytes: 100 }, told);
      for (const series of ['A', 'B', 'C']) expect(queue.push(message(1), ...of(series))).toBe(true);
      expect(queue.push(message(1), ...of('D'))).toBe(false);
      expect(() => queue.shift()).toThrow(/reader too slow: 4 messages/);
    });
  });
});
