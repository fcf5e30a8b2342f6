import type { LogRecord, PartitionLag, TopicPartition } from '@tickwell/ports';
import type { MemoryTopics } from './memory-topics.ts';

export interface ReaderOptions extends TopicPartition {
  readonly fromOffset: bigint;
  /** Most records of one call. */
  readonly maxRecords: number;
  readonly handle: (records: readonly LogRecord[]) => Promise<void> | void;
}

/** Hands the records of one partition over, one call at a time, until stopped. */
export class MemoryReader {
  readonly #topics: MemoryTopics;
  readonly #options: ReaderOptions;
  readonly #stop = new AbortController();
  #position: bigint;
  #finished: Promise<void> = Promise.resolve();

  constructor(topics: MemoryTopics, options: ReaderOptions) {
    this.#topics = topics;
    this.#options = options;
    this.#position = options.fromOffset;
  }

  /** Rejects with what the handler threw; resolves after stop. */
  run(): Promise<void> {
    const running = this.#run();
    this.#finished = running.catch(() => undefined);
    return running;
  }

  /** Resolves when the running call has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#finished;
  }

  lag(): PartitionLag {
    const { topic, partition } = this.#options;
    const { endOffset } = this.#topics.partition({ topic, partition });
    return { topic, partition, lag: endOffset > this.#position ? endOffset - this.#position : 0n };
  }

  async #run(): Promise<void> {
    const { maxRecords, handle } = this.#options;
    const partition = this.#topics.partition(this.#options);
    // Never within the turn that started it: whoever starts several sees all of them started.
    await Promise.resolve();
    while (!this.#stop.signal.aborted) {
      const records = partition.read(this.#position, maxRecords);
      const last = records.at(-1);
      if (last === undefined) {
        if (partition.endOffset > this.#position) this.#position = partition.endOffset;
        await partition.changed(this.#stop.signal);
        continue;
      }
      this.#position = last.offset + 1n;
      await handle(records);
    }
  }
}
