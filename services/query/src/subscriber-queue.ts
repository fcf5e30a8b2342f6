import { TickwellError } from '@tickwell/domain';

export interface QueueLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** Compacts the array behind the queue once so many entries at its front are used up. */
const COMPACT_AT = 1_024;

/**
 * What waits for one subscriber. When it does not fit any more the queue is closed, forgets everything and fails its reader with
 * `reader-too-slow`: the one who feeds it never waits, so one slow reader costs the others nothing.
 */
export class SubscriberQueue {
  readonly #limits: QueueLimits;
  #items: Uint8Array[] = [];
  #head = 0;
  #bytes = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False once the queue has failed: stop feeding it. */
  push(message: Uint8Array): boolean {
    if (this.#failure !== undefined) return false;
    this.#bytes += message.byteLength;
    this.#items.push(message);
    if (this.length > this.#limits.messages || this.#bytes > this.#limits.bytes) {
      this.fail(overflow(this.length, this.#bytes));
      return false;
    }
    this.#wake?.();
    return true;
  }

  /** The next message, if there is one. Throws what the queue failed with. */
  shift(): Uint8Array | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const message = this.#items[this.#head];
    if (message === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= message.byteLength;
    if (this.#head >= COMPACT_AT || this.#head === this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }

  /** What waits, oldest first: at least one message if there is any, and no more than fit into so many bytes together. */
  shiftAll(maxBytes: number): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const next = this.#items[this.#head];
      const fits = next === undefined || messages.length === 0 || bytes + next.byteLength <= maxBytes;
      const message = fits ? this.shift() : undefined;
      if (message === undefined) return messages;
      bytes += message.byteLength;
      messages.push(message);
    }
  }

  /** Drops what waits; the reader gets the error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#wake?.();
  }

  /** Resolves when there may be something to shift, when the signal fires, or after the time. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.length > 0 || this.#failure !== undefined || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const done = (): void => {
      resolve(undefined);
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    this.#wake = done;
    await promise;
    this.#wake = undefined;
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
  }
}

function overflow(messages: number, bytes: number): TickwellError {
  return new TickwellError(
    'reader-too-slow',
    `reader too slow: ${messages} messages (${bytes} bytes) waited for this subscriber; subscribe to less, or resume after the last position`,
  );
}
