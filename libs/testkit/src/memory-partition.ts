import type { LogRecord } from '@tickwell/ports';

/** One partition: its records by offset, perhaps with holes where compaction took some. */
export class MemoryPartition {
  #records: LogRecord[] = [];
  #beginOffset = 0n;
  #endOffset = 0n;
  readonly #waiting = new Set<() => void>();

  get beginOffset(): bigint {
    return this.#beginOffset;
  }

  get endOffset(): bigint {
    return this.#endOffset;
  }

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  append(record: Omit<LogRecord, 'offset'>): void {
    this.#records.push({ ...record, offset: this.#endOffset });
    this.#endOffset++;
    for (const wake of this.#waiting) wake();
  }

  /** At most `limit` records from an offset on. */
  read(fromOffset: bigint, limit: number): readonly LogRecord[] {
    const start = this.#indexOf(fromOffset);
    return this.#records.slice(start, start + limit);
  }

  /** Resolves at the next append, or when the signal fires. */
  async changed(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }

  truncate(beginOffset: bigint): void {
    this.#records = this.#records.slice(this.#indexOf(beginOffset));
    this.#beginOffset = beginOffset;
  }

  /** Keeps the last record of every key, and of deleted keys nothing; offsets stay. */
  compact(): void {
    const last = new Map(this.#records.map((record) => [record.key, record.offset]));
    this.#records = this.#records.filter(
      ({ key, offset, value }) => last.get(key) === offset && value !== null,
    );
  }

  /** Index of the first record at or after an offset. */
  #indexOf(offset: bigint): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#records[middle];
      if (found !== undefined && found.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
