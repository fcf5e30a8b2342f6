/** How much is read before it is asked for. */
export interface ReadAhead {
  /** Sources read side by side. */
  readonly atOnce: number;
  /** Messages of each that wait. */
  readonly waiting: number;
}

/**
 * What several sources say, one source after the other, while the next ones are read already. A slow reader slows them all; leaving early or a failure of one
 * ends those that were begun.
 */
export async function* readInOrder<I, M>(
  items: readonly I[],
  open: (item: I, signal: AbortSignal) => AsyncIterable<M>,
  { atOnce, waiting }: ReadAhead,
  signal: AbortSignal,
): AsyncGenerator<M> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const readers: Ahead<M>[] = [];
  const rest = items.values();
  const fill = (): void => {
    while (readers.length < atOnce) {
      const next = rest.next();
      if (next.done === true) return;
      readers.push(new Ahead(open(next.value, either), waiting));
    }
  };
  try {
    fill();
    while (readers[0] !== undefined) {
      yield* readers[0].messages();
      readers.shift();
      fill();
    }
  } finally {
    stop.abort();
    await Promise.all(readers.map((reader) => reader.close()));
  }
}

/** Asks for the next messages before they are wanted: an iterator answers in the order in which it was asked. */
class Ahead<M> {
  readonly #messages: AsyncIterator<M>;
  readonly #waiting: number;
  readonly #asked: Promise<IteratorResult<M>>[] = [];

  constructor(messages: AsyncIterable<M>, waiting: number) {
    this.#messages = messages[Symbol.asyncIterator]();
    this.#waiting = waiting;
    this.#ask();
  }

  async *messages(): AsyncGenerator<M> {
    for (let next = await this.#take(); next.done !== true; next = await this.#take()) yield next.value;
  }

  async close(): Promise<void> {
    await this.#messages.return?.();
  }

  #take(): Promise<IteratorResult<M>> {
    const next = this.#asked.shift() ?? this.#messages.next();
    this.#ask();
    return next;
  }

  #ask(): void {
    while (this.#asked.length < this.#waiting) {
      const next = this.#messages.next();
      // Met where it is awaited, which may be never.
      next.catch(() => undefined);
      this.#asked.push(next);
    }
  }
}

/** Results of a function of every item, in the order of the items, so many at a time. The first failure is that of all. */
export async function mapAtOnce<I, R>(
  items: readonly I[],
  atOnce: number,
  of: (item: I, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await of(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
