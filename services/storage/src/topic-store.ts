import { TickwellError, errorMessage } from '@tickwell/domain';
import type { Clock, LogRecord, Logger, TableRows, TableWriter } from '@tickwell/ports';
import type { StorageMetrics } from './metrics.ts';
import type { Position } from './position-committer.ts';

/** Where rows come from and where the word goes that they are stored. */
export interface PositionSource {
  /** How far the partition is once everything handed over so far is stored. */
  position(): Position;
  stored(position: Position): void;
}

export interface TopicStoreOptions {
  /** Rows of one write. Also the most that wait while writes are in flight. */
  readonly maxBatchRows: number;
  readonly maxBatchBytes: number;
  /** Writes in flight: while one becomes visible the next is sent. */
  readonly maxWrites: number;
  /** A further write is only begun beside another for at least so many rows; fewer wait and grow. */
  readonly minParallelRows: number;
  /** Least time between the beginnings of two writes that are smaller than `minParallelRows`. */
  readonly minSpacingMs: number;
  readonly minRetryMs: number;
  readonly maxRetryMs: number;
}

export interface TopicStoreParts {
  readonly topic: string;
  readonly writer: TableWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: StorageMetrics;
  readonly options: TopicStoreOptions;
  readonly signal: AbortSignal;
  /** The store will never take a record, or something is broken for good: the service must end. */
  readonly onFailure: (error: unknown) => void;
}

/** Rows of one record. */
interface StoredRecord {
  readonly record: Pick<LogRecord, 'topic' | 'partition' | 'offset'>;
  readonly rows: readonly TableRows[];
}

class Batch {
  readonly records: StoredRecord[] = [];
  readonly sources = new Set<PositionSource>();
  readonly positions = new Map<PositionSource, Position>();
  rows = 0;
  bytes = 0;
}

interface Write {
  readonly batch: Batch;
  readonly startedMs: number;
  /** Never rejects: undefined when every row is visible. */
  readonly failure: Promise<unknown>;
}

/**
 * Stores one topic: what arrives while nothing is in flight goes at once; what arrives while a write is in flight, or shortly after it
 * began, forms the next one. (Each commit costs QuestDB several milliseconds of CPU whatever its size: measured, 10,000 trades/s in as
 * many commits as it took kept it busy with 80 % of a core.)
 * Rows are kept until the store says that they are visible, and only then, in order, are positions reported. While the store
 * does not answer, the same rows are tried again for as long as it takes, and nothing newer is accepted.
 */
export class TopicStore {
  readonly #parts: TopicStoreParts;
  #pending = new Batch();
  #writes: Write[] = [];
  #completing = false;
  /** A write began less than `minSpacingMs` ago. */
  #resting = false;
  #problem: string | undefined;
  #failed: Error | undefined;
  #waiters: (() => void)[] = [];

  constructor(parts: TopicStoreParts) {
    this.#parts = parts;
  }

  /** Undefined: all is well. Otherwise why rows wait, for people. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Resolves when rows may be added. Rejects once the store failed for good. */
  async space(): Promise<void> {
    for (;;) {
      if (this.#failed !== undefined) throw this.#failed;
      const { maxBatchRows, maxBatchBytes } = this.#parts.options;
      const hasSpace = (): boolean =>
        this.#pending.rows < maxBatchRows && this.#pending.bytes < maxBatchBytes;
      if (hasSpace()) return;
      this.kick();
      if (!hasSpace()) await this.#change();
    }
  }

  /** Call only after {@link space}, without waiting in between. A record without rows still moves the position. */
  add(source: PositionSource, stored: StoredRecord, rows: number, bytes: number): void {
    if (rows > 0) this.#pending.records.push(stored);
    this.#pending.sources.add(source);
    this.#pending.rows += rows;
    this.#pending.bytes += bytes;
  }

  /** Whether so much waits that a write should begin even though more is at hand. */
  get isDue(): boolean {
    return this.#pending.rows >= this.#parts.options.minParallelRows;
  }

  /** Begins a write if it is time for one. */
  kick(): void {
    const { maxWrites, minParallelRows } = this.#parts.options;
    while (this.#pending.sources.size > 0 && this.#failed === undefined && this.#problem === undefined) {
      if (this.#writes.length >= maxWrites) return;
      if ((this.#writes.length > 0 || this.#resting) && this.#pending.rows < minParallelRows) return;
      this.#begin();
      this.#rest();
    }
  }

  /** Resolves once everything a partition handed over is stored, or will not be. */
  async flushed(source: PositionSource): Promise<void> {
    const open = (): boolean =>
      this.#pending.sources.has(source) || this.#writes.some(({ batch }) => batch.sources.has(source));
    while (open() && this.#failed === undefined) await this.#change();
  }

  #begin(): void {
    const batch = this.#pending;
    this.#pending = new Batch();
    for (const source of batch.sources) batch.positions.set(source, source.position());
    this.#writes.push({
      batch,
      startedMs: this.#parts.clock.monotonicMs(),
      failure: this.#write(batch.records),
    });
    this.#changed();
    if (this.#completing) return;
    this.#completing = true;
    this.#complete().catch((error: unknown) => {
      this.#failed = error instanceof Error ? error : new Error(errorMessage(error));
      this.#changed();
      this.#parts.onFailure(error);
    });
  }

  /** Keeps small writes apart. When the service ends nothing is begun any more, and whoever still waits has given up. */
  #rest(): void {
    if (this.#resting) return;
    this.#resting = true;
    const { clock, options, signal } = this.#parts;
    clock.sleep(options.minSpacingMs, signal).then(
      () => {
        this.#resting = false;
        this.kick();
      },
      () => undefined,
    );
  }

  /** Undefined when stored; whatever else happened is the failure. */
  async #write(records: readonly StoredRecord[]): Promise<unknown> {
    try {
      await this.#parts.writer.write(records.flatMap(({ rows }) => rows));
      return undefined;
    } catch (error) {
      return error ?? new Error('the write failed without a reason');
    }
  }

  async #complete(): Promise<void> {
    for (let write = this.#writes[0]; write !== undefined; write = this.#writes[0]) {
      const failure = await write.failure;
      if (failure !== undefined) await this.#recover(failure);
      else this.#finish(write);
      this.kick();
    }
    this.#completing = false;
  }

  #finish(write: Write): void {
    const { batch, startedMs } = write;
    this.#writes.shift();
    this.#parts.metrics.flushed(this.#parts.topic, batch.rows, this.#parts.clock.monotonicMs() - startedMs);
    for (const [source, position] of batch.positions) source.stored(position);
    this.#changed();
  }

  /** Writes what was in flight again, in order, one after the other, until it is stored. */
  async #recover(first: unknown): Promise<void> {
    await Promise.all(this.#writes.map(({ failure }) => failure));
    let failure = first;
    for (let write = this.#writes[0]; write !== undefined; write = this.#writes[0]) {
      await this.#untilStored(write.batch.records, failure);
      failure = undefined;
      this.#finish(write);
    }
    if (this.#problem !== undefined)
      this.#parts.logger.info({ topic: this.#parts.topic }, 'the store takes rows again');
    this.#problem = undefined;
  }

  async #untilStored(records: readonly StoredRecord[], known: unknown): Promise<void> {
    const { minRetryMs, maxRetryMs } = this.#parts.options;
    let failure = known ?? (await this.#write(records));
    for (let waitMs = minRetryMs; failure !== undefined; waitMs = Math.min(waitMs * 2, maxRetryMs)) {
      if (!isRetryable(failure)) {
        await this.#withoutBadRecord(records, failure);
        return;
      }
      this.#report(failure, waitMs);
      await this.#parts.clock.sleep(waitMs, this.#parts.signal);
      failure = await this.#write(records);
    }
  }

  /** Finds the record the store will never take, by halves, storing the others on the way, and fails naming it. */
  async #withoutBadRecord(records: readonly StoredRecord[], failure: unknown): Promise<void> {
    const [only] = records;
    if (only === undefined) return;
    if (records.length === 1) {
      const { topic, partition, offset } = only.record;
      const message = `the store refuses the record ${topic}/${partition} offset ${offset} for good: ${errorMessage(failure)}`;
      throw new TickwellError('record-refused', message, { cause: failure });
    }
    const middle = records.length >> 1;
    await this.#untilStored(records.slice(0, middle), undefined);
    await this.#untilStored(records.slice(middle), undefined);
  }

  #report(failure: unknown, waitMs: number): void {
    const { topic, logger, metrics } = this.#parts;
    const reason = errorMessage(failure);
    const rows = this.#writes.reduce((sum, { batch }) => sum + batch.rows, this.#pending.rows);
    metrics.retried(topic);
    if (this.#problem !== reason)
      logger.warn({ topic, rows, waitMs, reason }, `rows of ${topic} wait: ${reason}`);
    this.#problem = reason;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof TickwellError && error.retryable;
}
