import { events, parseMessage, TOPICS } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { EventLog, LogTail, TopicPartition } from '@tickwell/ports';

/** As far as rows are visible in the store, and readers of it need not wait. */
export interface StorePlace extends TopicPartition {
  readonly epoch: string;
  readonly nextOffset: bigint;
}

interface Waiter {
  readonly place: StorePlace;
  readonly reached: () => void;
}

/** Follows `store.commits`: how far the store is with every partition. */
export class StoreProgress {
  readonly #tail: LogTail;
  readonly #timeoutMs: number;
  readonly #stored = new Map<string, { readonly epoch: string; readonly nextOffset: bigint }>();
  readonly #waiting = new Set<Waiter>();

  /** @param timeoutMs the longest that anything waits for the store. */
  constructor(log: EventLog, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#tail = log.createTail({
      topics: [TOPICS.storeCommits.name],
      from: 'earliest',
      onRecords: (records) => {
        for (const { value } of records) if (value !== null) this.#take(value);
      },
    });
  }

  /** Rejects when the log cannot be followed any more. */
  get done(): Promise<void> {
    return this.#tail.done;
  }

  start(): Promise<void> {
    return this.#tail.start();
  }

  stop(): Promise<void> {
    return this.#tail.stop();
  }

  /** Resolves once rows of every record below the place are visible; rejects with `store-behind` (retryable) where that takes too long. */
  async reached(place: StorePlace, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isReached(place)) return;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const waiter: Waiter = {
      place,
      reached: () => {
        resolve(undefined);
      },
    };
    const abort = (): void => {
      reject(new TickwellError('stopped', 'the service stops', { retryable: true }));
    };
    const timer = setTimeout(() => {
      reject(storeBehind(place, this.#timeoutMs));
    }, this.#timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting.add(waiter);
    try {
      await promise;
    } finally {
      this.#waiting.delete(waiter);
      signal.removeEventListener('abort', abort);
      clearTimeout(timer);
    }
  }

  #isReached({ topic, partition, epoch, nextOffset }: StorePlace): boolean {
    if (nextOffset === 0n) return true;
    const stored = this.#stored.get(`${topic}/${partition}`);
    return stored?.epoch === epoch && stored.nextOffset >= nextOffset;
  }

  #take(value: Uint8Array): void {
    const parsed = parseMessage(events.StoreCommitSchema, value);
    // Written by storage alone; query, which answers the reads, says so where one cannot be read.
    if (!parsed.ok) return;
    const { topic, partition, epoch, nextOffset } = parsed.value;
    const key = `${topic}/${partition}`;
    const known = this.#stored.get(key);
    // A storage process that lost its partition may still publish: its commits are true, but behind.
    if (known?.epoch === epoch && known.nextOffset >= nextOffset) return;
    this.#stored.set(key, { epoch, nextOffset });
    for (const { place, reached } of this.#waiting) if (this.#isReached(place)) reached();
  }
}

function storeBehind({ topic, partition, nextOffset }: StorePlace, timeoutMs: number): TickwellError {
  return new TickwellError(
    'store-behind',
    `the store has not reached offset ${nextOffset} of ${topic}/${partition} within ${timeoutMs / 1000} s: is storage running?`,
    { retryable: true },
  );
}
