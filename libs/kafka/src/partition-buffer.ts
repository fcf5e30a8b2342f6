import type { LogRecord, PartitionLag, TopicPartition } from '@tickwell/ports';
import type { FetchedPartition } from './protocol/fetch.ts';

export type RecordHandler = (records: readonly LogRecord[]) => Promise<void> | void;

export interface BufferOptions extends TopicPartition {
  readonly fromOffset: bigint;
  readonly handler: RecordHandler;
  readonly maxPendingBytes: number;
  /** The handler rejected: nothing more is handed over. */
  readonly onFailure: (error: unknown) => void;
  /** Room again after the buffer was full. */
  readonly onRoom: () => void;
}

/**
 * Between fetching and handling one partition: what arrives while a handler runs is handed over together next, so batches grow with the
 * load and a lone record does not wait. Bounded in bytes: a full buffer is not fetched for.
 */
export class PartitionBuffer {
  readonly topic: string;
  readonly partition: number;
  readonly #options: BufferOptions;
  #position: bigint;
  #endOffset: bigint;
  #pending: LogRecord[] = [];
  #pendingBytes = 0;
  #running: Promise<void> | undefined;
  #stopped = false;
  #lastProgressMs = performance.now();

  constructor(options: BufferOptions) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.#options = options;
    this.#position = options.fromOffset;
    this.#endOffset = options.fromOffset;
  }

  /** Offset of the next record to fetch. */
  get position(): bigint {
    return this.#position;
  }

  get isFull(): boolean {
    return this.#pendingBytes >= this.#options.maxPendingBytes;
  }

  /** Milliseconds since something moved while there was something to move. */
  get stalledMs(): number {
    const waits = this.#running !== undefined || this.#position < this.#endOffset;
    return waits ? performance.now() - this.#lastProgressMs : 0;
  }

  lag(): PartitionLag {
    const next = this.#pending[0]?.offset ?? this.#position;
    const lag = this.#endOffset > next ? this.#endOffset - next : 0n;
    return { topic: this.topic, partition: this.partition, lag };
  }

  accept(fetched: FetchedPartition): void {
    if (this.#stopped) return;
    const idle = this.#running === undefined && fetched.endOffset <= this.#position;
    if (idle || fetched.nextOffset > this.#position) this.#lastProgressMs = performance.now();
    this.#position = fetched.nextOffset;
    this.#endOffset = fetched.endOffset;
    if (fetched.records.length === 0) return;
    for (const record of fetched.records) this.#pending.push(record);
    this.#pendingBytes += fetched.byteLength;
    this.#running ??= this.#run();
  }

  /** Compaction may leave nothing between the position and the end. */
  skipToEnd(): void {
    this.#position = this.#endOffset;
    this.#lastProgressMs = performance.now();
  }

  /** Hands nothing more over, drops what waits, and resolves when the running handler has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#pending.length > 0 && !this.#stopped) {
        const records = this.#pending;
        const wasFull = this.isFull;
        this.#pending = [];
        this.#pendingBytes = 0;
        if (wasFull) this.#options.onRoom();
        await this.#options.handler(records);
        this.#lastProgressMs = performance.now();
      }
    } catch (error) {
      this.#stopped = true;
      this.#options.onFailure(error);
    } finally {
      this.#running = undefined;
    }
  }
}
