import { EventEmitter } from 'node:events';
import { TickwellError } from '@tickwell/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamWriter } from './stream-writer.ts';

/** A transport that takes messages when told. */
class FakeCall extends EventEmitter {
  readonly waiting: (() => void)[] = [];
  wantsMore = true;

  write(_message: Uint8Array, taken: () => void): boolean {
    this.waiting.push(taken);
    return this.wantsMore;
  }

  take(): void {
    this.waiting.shift()?.();
  }
}

const MESSAGE = new Uint8Array(100);
const LIMITS = { streamBufferBytes: 250, stallMs: 1_000 };

describe('StreamWriter', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits when its bytes are used up, until the transport took enough', async () => {
    const call = new FakeCall();
    const writer = new StreamWriter(call, LIMITS, new AbortController().signal);
    expect(writer.write(MESSAGE)).toBeUndefined();
    expect(writer.write(MESSAGE)).toBeUndefined();
    const wait = writer.write(MESSAGE);
    expect(wait).toBeDefined();
    expect(writer.pendingBytes).toBe(300);
    call.take();
    await wait;
    expect(writer.pendingBytes).toBe(200);
  });

  it('waits for drain when the transport says so', async () => {
    const call = new FakeCall();
    call.wantsMore = false;
    const writer = new StreamWriter(call, LIMITS, new AbortController().signal);
    const done = vi.fn();
    const wait = writer.write(MESSAGE)?.then(done);
    call.take();
    await vi.advanceTimersByTimeAsync(10);
    expect(done).not.toHaveBeenCalled();
    call.emit('drain');
    await wait;
    expect(done).toHaveBeenCalled();
  });

  it('gives up on a reader who takes nothing until the deadline', async () => {
    const call = new FakeCall();
    call.wantsMore = false;
    const writer = new StreamWriter(call, LIMITS, new AbortController().signal);
    const failed = expect(writer.write(MESSAGE)).rejects.toMatchObject({
      code: 'reader-too-slow',
      retryable: false,
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(writer.stalled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await failed;
    expect(writer.stalled).toBe(true);
  });

  it('starts the deadline anew with every wait, so a slow but living reader stays', async () => {
    const call = new FakeCall();
    const writer = new StreamWriter(call, { ...LIMITS, streamBufferBytes: 1 }, new AbortController().signal);
    for (let message = 0; message < 5; message += 1) {
      const wait = writer.write(MESSAGE);
      await vi.advanceTimersByTimeAsync(900);
      call.take();
      await wait;
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops waiting with the reason of the signal', async () => {
    const call = new FakeCall();
    call.wantsMore = false;
    const abort = new AbortController();
    const writer = new StreamWriter(call, LIMITS, abort.signal);
    const failed = expect(writer.write(MESSAGE)).rejects.toMatchObject({ code: 'stopping' });
    abort.abort(new TickwellError('stopping', 'bye'));
    await failed;
    await expect(writer.write(MESSAGE)).rejects.toMatchObject({ code: 'stopping' });
  });
});
