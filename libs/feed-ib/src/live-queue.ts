import type { FeedChunk, FeedItem, FeedRefusal } from '@tickwell/ports';

/** Makes a chunk of events of one line. */
export type ChunkMaker = (events: readonly unknown[], positions: bigint[]) => FeedChunk;

interface Segment {
  readonly line: object;
  readonly make: ChunkMaker;
  readonly events: unknown[];
}

/** Events that wait for the reader, in order of their delivery; numbers them as they leave. */
export class LiveQueue {
  readonly #high: number;
  readonly #signal: AbortSignal;
  readonly #onFull: () => void;
  readonly #onRoom: () => void;
  #segments: Segment[] = [];
  /** The segment that still grows, per line. */
  #open = new Map<object, Segment>();
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
        for (const wake of this.#wakeWriters.splice(0)) wake();
      },
      { once: true },
    );
  }

  get size(): number {
    return this.#size;
  }

  /** Events of one line; `make` is the same for all of a line. */
  add(line: object, make: ChunkMaker, events: readonly unknown[]): void {
    if (events.length === 0) return;
    let segment = this.#open.get(line);
    if (segment === undefined) {
      segment = { line, make, events: [] };
      this.#segments.push(segment);
      this.#open.set(line, segment);
    }
    for (const event of events) segment.events.push(event);
    this.#grow(events.length);
  }

  refuse(refusal: Omit<FeedRefusal, 'position'>): void {
    this.#refusals.push(refusal);
    this.#grow(1);
  }

  /** What comes of these lines begins new chunks, so that a symbol's series keep their order of time among each other. */
  seal(lines: readonly object[]): void {
    for (const line of lines) this.#open.delete(line);
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
    for (const { make, events } of this.#segments) {
      const positions = events.map(() => ++this.#position);
      items.push(make(events, positions));
    }
    for (const refusal of this.#refusals) items.push({ ...refusal, position: ++this.#position });
    if (items.length > 0) items.push({ kind: 'progress', position: this.#position });
    this.#segments = [];
    this.#open.clear();
    this.#refusals = [];
    this.#size = 0;
    if (this.#isFull) {
      this.#isFull = false;
      this.#onRoom();
      for (const wake of this.#wakeWriters.splice(0)) wake();
    }
    return items;
  }

  #grow(count: number): void {
    this.#size += count;
    this.#wakeReader?.();
    this.#wakeReader = undefined;
    if (this.#isFull || this.#size < this.#high) return;
    this.#isFull = true;
    this.#onFull();
  }
}
