import type { AssignedPartition, EventLog, LogRecord } from '@tickwell/ports';

/** Requests that count as done together: a process that dies asks at most so many again. */
const BATCH = 8;

/** Reads a partition from where its group is, as fast as its reader takes it. */
export class RequestReader {
  readonly #log: EventLog;
  readonly #partition: AssignedPartition;
  #next: bigint;
  #end: bigint;
  #wake = Promise.withResolvers<undefined>();

  constructor(log: EventLog, partition: AssignedPartition) {
    this.#log = log;
    this.#partition = partition;
    const { committed, beginOffset, endOffset } = partition;
    this.#next = committed?.offset ?? beginOffset;
    this.#end = endOffset;
  }

  /** There are records up to this offset, which is not included. */
  until(offset: bigint): void {
    if (offset <= this.#end) return;
    this.#end = offset;
    this.#wake.resolve(undefined);
  }

  /** Some records at a time, until the signal. */
  async *read(signal: AbortSignal): AsyncGenerator<readonly LogRecord[]> {
    const wake = (): void => {
      this.#wake.resolve(undefined);
    };
    signal.addEventListener('abort', wake, { once: true });
    const { topic, partition } = this.#partition;
    try {
      while (!signal.aborted) {
        this.#wake = Promise.withResolvers();
        const range = { topic, partition, fromOffset: this.#next, toOffset: this.#end, signal };
        if (range.fromOffset < range.toOffset)
          for await (const records of this.#log.readRange(range))
            for (let at = 0; at < records.length; at += BATCH) yield records.slice(at, at + BATCH);
        this.#next = range.toOffset;
        if (this.#end > this.#next) continue;
        await this.#wake.promise;
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}
