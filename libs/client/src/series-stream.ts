import { backOff, mayRetry, type RetryOptions } from './retry.ts';

/**
 * Stored data as it arrives: iterate it for columnar chunks, or {@link rows} for one object per row. Every iteration asks the
 * server anew. A reader who waits slows the server; leaving the loop early ends the call.
 */
export class SeriesStream<C, R> implements AsyncIterable<C> {
  readonly #open: () => AsyncIterable<C>;
  readonly #rowsOf: (chunk: C) => Iterable<R>;
  readonly #retry: RetryOptions;
  readonly #signal: AbortSignal | undefined;

  constructor(parts: {
    readonly open: () => AsyncIterable<C>;
    readonly rowsOf: (chunk: C) => Iterable<R>;
    readonly retry: RetryOptions;
    readonly signal: AbortSignal | undefined;
  }) {
    this.#open = parts.open;
    this.#rowsOf = parts.rowsOf;
    this.#retry = parts.retry;
    this.#signal = parts.signal;
  }

  /** Begins again on a passing failure as long as nothing has arrived; later the failure is the caller's. */
  async *[Symbol.asyncIterator](): AsyncGenerator<C> {
    for (let attempt = 0; ; attempt += 1) {
      let received = false;
      try {
        for await (const chunk of this.#open()) {
          received = true;
          yield chunk;
        }
        return;
      } catch (error) {
        if (received || !mayRetry(error, this.#signal) || attempt + 1 >= this.#retry.maxAttempts) throw error;
      }
      await backOff(this.#retry, attempt, this.#signal);
    }
  }

  /** One object per row. */
  async *rows(): AsyncGenerator<R> {
    for await (const chunk of this) yield* this.#rowsOf(chunk);
  }

  /** Every row at once: only for what fits into memory. */
  async toArray(): Promise<R[]> {
    const rows: R[] = [];
    for await (const chunk of this) rows.push(...this.#rowsOf(chunk));
    return rows;
  }
}
