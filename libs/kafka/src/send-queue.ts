import { TickwellError } from '@tickwell/domain';
import type { NewRecord } from '@tickwell/ports';

export interface BatchLimits {
  readonly maxRecords: number;
  /** Of the whole request. */
  readonly maxBytes: number;
  /** Of one partition, because the broker limits each partition's batch. */
  readonly maxPartitionBytes: number;
}

export interface PlacedRecord {
  readonly record: NewRecord;
  readonly partition: number;
  /** In the log, at most. */
  readonly bytes: number;
}

interface Waiting {
  readonly records: readonly NewRecord[];
  /** Of each record. */
  readonly sizes: readonly number[];
  readonly bytes: number;
  /** Records already put into a batch. */
  taken: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface SendBatch {
  readonly records: readonly PlacedRecord[];
  /** Calls whose last record this batch holds. */
  readonly completes: readonly Waiting[];
}

/** What waits to be sent, in call order, bounded in bytes. */
export class SendQueue {
  readonly #maxQueuedBytes: number;
  #waiting: Waiting[] = [];
  #queuedBytes = 0;

  constructor(maxQueuedBytes: number) {
    this.#maxQueuedBytes = maxQueuedBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** With the size of each record in the log, at most. A call alone is always taken; further ones only while the bound allows. */
  add(records: readonly NewRecord[], sizes: readonly number[]): Promise<void> {
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#maxQueuedBytes) {
      throw new TickwellError(
        'sink-full',
        `${this.#queuedBytes} bytes wait to be sent to Kafka already; await earlier send calls before making more`,
        { retryable: true },
      );
    }
    this.#queuedBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, sizes, bytes, taken: 0, resolve, reject });
    });
  }

  /** The next batch: records in order up to the first that passes a limit (at least one), so nothing overtakes. */
  take(limits: BatchLimits, place: (record: NewRecord) => number): SendBatch {
    const records: PlacedRecord[] = [];
    const completes: Waiting[] = [];
    const perPartition = new Map<string, number>();
    let total = 0;
    for (const call of this.#waiting) {
      for (; call.taken < call.records.length; call.taken++) {
        const record = call.records[call.taken];
        if (record === undefined) break;
        const bytes = call.sizes[call.taken] ?? 0;
        const partition = place(record);
        const slot = `${record.topic}/${partition}`;
        const slotBytes = (perPartition.get(slot) ?? 0) + bytes;
        total += bytes;
        const fits =
          records.length < limits.maxRecords &&
          total <= limits.maxBytes &&
          slotBytes <= limits.maxPartitionBytes;
        if (!fits && records.length > 0) return { records, completes };
        perPartition.set(slot, slotBytes);
        records.push({ record, partition, bytes });
      }
      completes.push(call);
    }
    return { records, completes };
  }

  /** The batch is durable: forgets its calls and resolves them. */
  complete(batch: SendBatch): void {
    for (const call of batch.completes) {
      this.#queuedBytes -= call.bytes;
      call.resolve();
    }
    this.#waiting = this.#waiting.slice(batch.completes.length);
  }

  rejectAll(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#queuedBytes = 0;
    for (const call of waiting) call.reject(error);
  }
}
