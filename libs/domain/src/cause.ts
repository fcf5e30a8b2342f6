/** What produced a record; see `proto/tickwell/events/v1/common.proto`. Within one output partition it only grows per origin. */
export interface Cause {
  readonly origin: string;
  /** Position of the input: of the last event in its stream, or offset + 1. At least 1. */
  readonly n: bigint;
  /** Index among the outputs of one input within one output topic. */
  readonly k: number;
}

interface Mark {
  n: bigint;
  k: number;
}

/**
 * The highest cause seen of each origin within one partition. A reader that drops what is not above the mark sees every
 * record once, although writers repeat themselves after a crash, a lost acknowledgement or a hand-over: a writer emits in
 * order from where all its earlier output is durable, so below a mark nothing can be missing.
 */
export class CauseMarks {
  readonly #marks = new Map<string, Mark>();

  constructor(marks: readonly Cause[] = []) {
    for (const mark of marks) this.#marks.set(mark.origin, { n: mark.n, k: mark.k });
  }

  /** Whether the cause is new; if so it becomes the mark of its origin. */
  advance(cause: Cause): boolean {
    const mark = this.#marks.get(cause.origin);
    if (mark === undefined) {
      this.#marks.set(cause.origin, { n: cause.n, k: cause.k });
      return true;
    }
    if (cause.n < mark.n || (cause.n === mark.n && cause.k <= mark.k)) return false;
    mark.n = cause.n;
    mark.k = cause.k;
    return true;
  }

  /** The highest position seen of an origin; 0 where it is new. */
  position(origin: string): bigint {
    return this.#marks.get(origin)?.n ?? 0n;
  }

  get size(): number {
    return this.#marks.size;
  }

  /** The marks, ordered by origin so that equal states have equal bytes. */
  snapshot(): Cause[] {
    return [...this.#marks]
      .map(([origin, { n, k }]) => ({ origin, n, k }))
      .sort((a, b) => (a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : 0));
  }
}
