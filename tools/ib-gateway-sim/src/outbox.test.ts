import { Writable } from 'node:stream';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Outbox, PRESSURE_BYTES, type OutboxOptions } from './outbox.ts';

/** A socket that takes what it is given when it is told to. */
class HandSocket extends Writable {
  readonly writes: Buffer[] = [];
  readonly #taken: (() => void)[] = [];
  reading = true;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk);
    if (this.reading) done();
    else this.#taken.push(done);
  }

  read(): void {
    this.reading = true;
    for (const done of this.#taken.splice(0)) done();
  }
}

function outboxOf(options: Partial<OutboxOptions> = {}) {
  const socket = new HandSocket({ highWaterMark: 1024 });
  const events: unknown[] = [];
  const outbox = new Outbox(socket, {
    maxBytes: 16 * 1024 * 1024,
    onPressure: (pressed) => events.push(pressed),
    onOverflow: () => events.push('overflow'),
    ...options,
  });
  return { socket, outbox, events };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('writes', () => {
  test('what is sent in one turn goes out in one write', () => {
    const { socket, outbox } = outboxOf();
    for (const text of ['a', 'b', 'c']) outbox.send(Buffer.from(text));
    expect(socket.writes).toEqual([]);
    vi.runAllTimers();
    expect(socket.writes.map(String)).toEqual(['abc']);
  });

  test.each([1, 2, 5])('a burst of %d times 4096 bytes keeps its last byte back for a moment', (count) => {
    const { socket, outbox } = outboxOf({});
    outbox.send(Buffer.alloc(4096 * count));
    vi.advanceTimersByTime(0);
    expect(socket.writes.map(({ length }) => length)).toEqual([4096 * count - 1]);
    vi.runAllTimers();
    expect(socket.writes.map(({ length }) => length)).toEqual([4096 * count - 1, 1]);
    expect(outbox.waitingBytes).toBe(0);
  });

  test('what comes in that moment goes with it', () => {
    const { socket, outbox } = outboxOf();
    outbox.send(Buffer.alloc(4096));
    vi.advanceTimersByTime(1);
    outbox.send(Buffer.alloc(10));
    vi.runAllTimers();
    expect(socket.writes.map(({ length }) => length)).toEqual([4095, 11]);
  });

  test('everything arrives once and in order, whatever its sizes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(1, 7, 4095, 4096, 4097, 300_000), { maxLength: 12 }),
        fc.nat(11),
        (sizes, pause) => {
          const { socket, outbox } = outboxOf();
          const sent = sizes.map((size, n) => Buffer.alloc(size, n));
          sent.forEach((frame, n) => {
            outbox.send(frame);
            if (n === pause) vi.runAllTimers();
          });
          vi.runAllTimers();
          expect(Buffer.concat(socket.writes).equals(Buffer.concat(sent))).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('flushNow leaves nothing behind', () => {
    const { socket, outbox } = outboxOf();
    outbox.send(Buffer.alloc(4096));
    outbox.flushNow();
    expect(socket.writes.map(({ length }) => length)).toEqual([4095, 1]);
  });
});

describe('a client that does not read', () => {
  test('presses when much waits, and no more when it has read', () => {
    const { socket, outbox, events } = outboxOf();
    socket.reading = false;
    for (let n = 0; n < 20; n += 1) outbox.send(Buffer.alloc(100_000));
    vi.runAllTimers();
    expect(outbox.waitingBytes).toBeGreaterThan(PRESSURE_BYTES);
    expect(events).toEqual([true]);
    socket.read();
    return vi.waitFor(() => {
      vi.runAllTimers();
      socket.read();
      expect(events).toEqual([true, false]);
    });
  });

  test('overflows once, and then takes nothing more', () => {
    const { socket, outbox, events } = outboxOf({ maxBytes: 100_000 });
    socket.reading = false;
    for (let n = 0; n < 5; n += 1) outbox.send(Buffer.alloc(60_000));
    vi.runAllTimers();
    expect(events).toEqual(['overflow']);
    expect(socket.writes.length).toBeLessThanOrEqual(1);
  });
});
