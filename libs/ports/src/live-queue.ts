import type { FeedChunk, FeedItem, FeedRefusal } from './feed.ts';

/** Makes a chunk of events of one line. */
export type ChunkMaker<T> = (events: readonly T[], positions: bigint[]) => FeedChunk;

/** What leaves as one chunk. */
interface Segment {
  readonly size: () => number;
  readonly chunk: (positions: bigint[]) => FeedChunk;
}

/** One line's way into the queue. */
export class QueueLine<T> {
  readonly #begin: (segment: Segment) => number;
  readonly #grow: (count: number) => void;
  readonly #round: () => number;
  readonly #make: ChunkMaker<T>;
  #events: T[] = [];
  /** The round of the queue in which the open segment began; another one has taken it. */
  #openIn = -1;

  constructor(
    make: ChunkMaker<T>,
    queue: {
      /** Adds a segment and answers the round. */
      readonly begin: (segment: Segment) => number;
      readonly grow: (count: number) => void;
      readonly round: () => number;
    },
  ) {
    this.#make = make;
    this.#begin = queue.begin;
    this.#grow = queue.grow;
    this.#round = queue.round;
  }

  add(event: T): void {
    if (this.#openIn !== this.#round()) {
      const events: T[] = [];
      this.#events = events;
      const chunk: Segment['chunk'] = (positions) => this.#make(events, positions);
      this.#openIn = this.#begin({ size: () => events.length, chunk });
    }
    this.#events.push(event);
    this.#grow(1);
  }

  /** What comes next begins a new chunk, so that a symbol's series keep their order of time among each other. */
  seal(): void {
    this.#openIn = -1;
  }
}

/** So much of a refused original weighs as much as an event. */
const REFUSED_BYTES_PER_EVENT = 1024;

/** Events that wait for the reader, in order of their delivery; numbers them as they leave. */
export class LiveQueue {
  readonly #high: number;
  readonly #signal: AbortSignal;
  readonly #onFull: () => void;
  readonly #onRoom: () => void;
  #segments: Segment[] = [];
  /** How often everything was taken. */
  #round = 0;
  #refusals: Omit<FeedRefusal, 'position'>[] = [];
  #size = 0;
  #isFull = false;
  #position: bigint;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(options: {
    /** Events at which the writer is to stop. */
    readonly high: number;
    readonly position: bigint;
    /** Wakes everybody. */
    readonly signal: AbortSignal;
    readonly onFull: () => void;
    readonly onRoom: () => void;
  }) {
    this.#high = options.high;
    this.#position = options.position;
    this.#signal = options.signal;
    this.#onFull = options.onFull;
    this.#onRoom = options.onRoom;
    // One listener for all waits: a session waits millions of times.
    options.signal.addEventListener(
      'abort',
      () => {
        this.wake();
        // Whoever reads no more must not leave the sockets stopped: others share them.
        this.#makeRoom();
      },
      { once: true },
    );
  }

  get size(): number {
    return this.#size;
  }

  line<T>(make: ChunkMaker<T>): QueueLine<T> {
    return new QueueLine(make, {
      begin: (segment) => {
        this.#segments.push(segment);
        return this.#round;
      },
      grow: (count) => {
        this.#grow(count);
      },
      round: () => this.#round,
    });
  }

  refuse(refusal: Omit<FeedRefusal, 'position'>): void {
    this.#refusals.push(refusal);
    // The bytes of refusals are bounded as well: 50,000 events are some MiB, 50,000 messages of 64 KiB are not.
    this.#grow(1 + Math.floor(refusal.original.length / REFUSED_BYTES_PER_EVENT));
  }

  /** Resolves when there is something to take, or with the signal. */
  async filled(): Promise<void> {
    while (this.#size === 0 && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /** Resolves when a writer may go on, or with the signal. */
  async room(): Promise<void> {
    while (this.#isFull && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wakeWriters.push(resolve);
      });
    }
  }

  wake(): void {
    this.#wakeReader?.();
  }

  take(): FeedItem[] {
    const items: FeedItem[] = [];
    for (const { size, chunk } of this.#segments) {
      items.push(chunk(Array.from({ length: size() }, () => ++this.#position)));
    }
    for (const refusal of this.#refusals) items.push({ ...refusal, position: ++this.#position });
    if (items.length > 0) items.push({ kind: 'progress', position: this.#position });
    this.#segments = [];
    this.#round += 1;
    this.#refusals = [];
    this.#size = 0;
    this.#makeRoom();
    return items;
  }

  #makeRoom(): void {
    if (this.#isFull) {
      this.#isFull = false;
      this.#onRoom();
    }
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }

  #grow(count: number): void {
    this.#size += count;
    this.#wakeReader?.();
    this.#wakeReader = undefined;
    if (this.#isFull || this.#size < this.#high || this.#signal.aborted) return;
    this.#isFull = true;
    this.#onFull();
  }
}

/** A queue that stops a connection's sockets while it is full. */
export function queueOf(
  connection: { pause(): void; resume(): void },
  of: { readonly high: number; readonly position: bigint; readonly signal: AbortSignal },
): LiveQueue {
  return new LiveQueue({
    ...of,
    onFull: () => {
      connection.pause();
    },
    onRoom: () => {
      connection.resume();
    },
  });
}
