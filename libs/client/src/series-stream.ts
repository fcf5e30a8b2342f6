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

  /** @internal */
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

  [Symbol.asyncIterator](): AsyncGenerator<C> {
    return retried(this.#open, this.#retry, this.#signal);
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

/** Ticks, which can also be had as they travel. */
export class PackedStream<P, C, R> extends SeriesStream<C, R> {
  readonly #read: () => AsyncGenerator<P>;

  /** @internal */
  constructor(parts: {
    readonly open: () => AsyncIterable<P>;
    readonly unpack: (packed: P) => C;
    readonly rowsOf: (chunk: C) => Iterable<R>;
    readonly retry: RetryOptions;
    readonly signal: AbortSignal | undefined;
  }) {
    const { open, unpack, rowsOf, retry, signal } = parts;
    super({ open: () => mapped(open(), unpack), rowsOf, retry, signal });
    this.#read = () => retried(open, retry, signal);
  }

  /** Columns as typed arrays: the fastest way to very many rows, several times as fast as iterating the stream itself. */
  packed(): AsyncGenerator<P> {
    return this.#read();
  }
}

async function* mapped<P, C>(packed: AsyncIterable<P>, unpack: (packed: P) => C): AsyncGenerator<C> {
  for await (const one of packed) yield unpack(one);
}

/** Begins again on a passing failure as long as nothing has arrived; later the failure is the caller's. */
async function* retried<C>(
  open: () => AsyncIterable<C>,
  retry: RetryOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<C> {
  for (let attempt = 0; ; attempt += 1) {
    let received = false;
    try {
      for await (const chunk of open()) {
        received = true;
        yield chunk;
      }
      return;
    } catch (error) {
      if (received || !mayRetry(error, signal) || attempt + 1 >= retry.maxAttempts) throw error;
    }
    await backOff(retry, attempt, signal);
  }
}
