import { TickwellError } from '@tickwell/domain';

export interface QueueLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** Compacts the array behind the queue once so many entries at its front are used up. */
const COMPACT_AT = 1_024;

/** What a message is of; asked only where messages may be left out. */
export interface SeriesPlace {
  readonly series: string;
  /** The newest time in it, ns since the epoch. */
  readonly lastNs: bigint;
}

interface Item {
  readonly message: Uint8Array;
  readonly events: number;
  readonly of: SeriesPlace;
}

const NOTHING: SeriesPlace = { series: '', lastNs: 0n };

/**
 * What waits for one subscriber. When it does not fit any more the queue is closed, forgets everything and fails its reader with
 * `reader-too-slow`: the one who feeds it never waits, so one slow reader costs the others nothing. Or, where the reader wants that, only the newest message
 * of each series is kept from then on until all was taken, and the reader is told how many events were left out.
 */
export class SubscriberQueue {
  readonly #limits: QueueLimits;
  readonly #tellDropped: ((events: number) => Uint8Array) | undefined;
  #items: Item[] = [];
  #head = 0;
  #bytes = 0;
  /** The newest of each series, in order of arrival; filled after the queue was full. */
  readonly #newest = new Map<string, Item>();
  #dropped = 0;
  #untold = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param tellDropped makes the message that says how many events were left out; without it none is */
  constructor(limits: QueueLimits, tellDropped?: (events: number) => Uint8Array) {
    this.#limits = limits;
    this.#tellDropped = tellDropped;
  }

  get length(): number {
    return this.#items.length - this.#head + this.#newest.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Events left out so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False once the queue has failed: stop feeding it. What it holds and is of is needed where messages may be left out. */
  push(message: Uint8Array, events = 0, of: SeriesPlace = NOTHING): boolean {
    if (this.#failure !== undefined) return false;
    const item = { message, events, of };
    if (this.#newest.size > 0) this.#replace(item);
    else this.#append(item);
    if (this.#isFull && this.#tellDropped !== undefined && this.#newest.size === 0) this.#conflate();
    if (this.#isFull) {
      this.fail(overflow(this.length, this.#bytes));
      return false;
    }
    this.#wake?.();
    return true;
  }

  get #isFull(): boolean {
    return this.length > this.#limits.messages || this.#bytes > this.#limits.bytes;
  }

  #append(item: Item): void {
    this.#items.push(item);
    this.#bytes += item.message.byteLength;
  }

  /** The newest is that of the greatest time, as in GetLatest: what is filled in or corrected of the past replaces nothing. In order of arrival, and so of positions. */
  #replace(item: Item): void {
    const { series, lastNs } = item.of;
    const other = this.#newest.get(series);
    if (other !== undefined && other.of.lastNs > lastNs) {
      this.#leaveOut(item);
      return;
    }
    if (other !== undefined) {
      this.#newest.delete(series);
      this.#bytes -= other.message.byteLength;
      this.#leaveOut(other);
    }
    this.#newest.set(series, item);
    this.#bytes += item.message.byteLength;
  }

  #leaveOut({ events }: Item): void {
    this.#dropped += events;
    this.#untold += events;
  }

  #conflate(): void {
    const waiting = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
    for (const item of waiting) this.#replace(item);
  }

  /** The next message, if there is one. Throws what the queue failed with. */
  shift(): Uint8Array | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#untold > 0 && this.#tellDropped !== undefined) {
      const note = this.#tellDropped(this.#untold);
      this.#untold = 0;
      return note;
    }
    const item = this.#items[this.#head] ?? this.#newest.values().next().value;
    if (item === undefined) return undefined;
    this.#bytes -= item.message.byteLength;
    if (this.#newest.size > 0) {
      this.#newest.delete(item.of.series);
      return item.message;
    }
    this.#head += 1;
    if (this.#head >= COMPACT_AT || this.#head === this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item.message;
  }

  /** What waits, oldest first: at least one message if there is any, and no more than fit into so many bytes together. */
  shiftAll(maxBytes: number): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const next = this.#items[this.#head] ?? this.#newest.values().next().value;
      const fits = next === undefined || messages.length === 0 || bytes + next.message.byteLength <= maxBytes;
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
    this.#newest.clear();
    this.#head = 0;
    this.#bytes = 0;
    this.#untold = 0;
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
