/** Rows of one series in order. */
export interface KnownRows {
  readonly timeNs: readonly bigint[];
  /** When each could be known, not before. */
  readonly knownNs: readonly bigint[];
  /** Of each column the values; an empty one has none. */
  readonly columns: readonly (readonly number[])[];
}

export interface AsOfRules {
  /** 0n: none is too old. */
  readonly toleranceNs: bigint;
  /** Not what became known at the very time. */
  readonly strictlyBefore: boolean;
}

/** What was found for each row of the left side: times are 0n and values NaN where nothing was. */
export interface FoundRows {
  readonly timeNs: bigint[];
  readonly knownNs: bigint[];
  readonly columns: number[][];
}

interface FoundRow {
  readonly timeNs: bigint;
  readonly knownNs: bigint;
  readonly values: readonly number[];
}

/**
 * The latest row that was known by a time, for times that never go back: one pass over the rows, of which a chunk is in memory. Of rows that became known at
 * one instant it is the last. A row that became known later than the one after it holds that one back, too: nothing is ever known too early.
 */
export class AsOfCursor {
  readonly #chunks: AsyncIterator<KnownRows>;
  readonly #rules: AsOfRules;
  readonly #columns: number;
  #chunk: KnownRows | undefined;
  #next = 0;
  #hasEnded = false;
  #found: FoundRow | undefined;

  /** @param columns how many each chunk has. */
  constructor(chunks: AsyncIterable<KnownRows>, columns: number, rules: AsOfRules) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#columns = columns;
    this.#rules = rules;
  }

  /** Whether there was any row yet. */
  get hasFound(): boolean {
    return this.#found !== undefined;
  }

  /** @param atNs in order, and none before those of the call before. */
  async find(atNs: readonly bigint[]): Promise<FoundRows> {
    const columns = Array.from({ length: this.#columns }, (): number[] => []);
    const out: FoundRows = { timeNs: [], knownNs: [], columns };
    for (const at of atNs) {
      while (!this.#advance(at)) await this.#read();
      const found = this.#fresh(at);
      out.timeNs.push(found?.timeNs ?? 0n);
      out.knownNs.push(found?.knownNs ?? 0n);
      for (const [index, column] of columns.entries()) column.push(found?.values[index] ?? Number.NaN);
    }
    return out;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #fresh(atNs: bigint): FoundRow | undefined {
    const { toleranceNs } = this.#rules;
    const found = this.#found;
    if (found === undefined || toleranceNs === 0n) return found;
    return atNs - found.knownNs > toleranceNs ? undefined : found;
  }

  /** Goes on to a time within what has been read; false: more has to be read for that. */
  #advance(atNs: bigint): boolean {
    const chunk = this.#chunk;
    if (chunk === undefined) return this.#hasEnded;
    const { knownNs } = chunk;
    const from = this.#next;
    for (; this.#next < knownNs.length; this.#next += 1) {
      const known = knownNs[this.#next] ?? 0n;
      if (known > atNs || (known === atNs && this.#rules.strictlyBefore)) break;
    }
    if (this.#next > from) this.#take(chunk, this.#next - 1);
    if (this.#next < knownNs.length) return true;
    this.#chunk = undefined;
    return this.#hasEnded;
  }

  #take({ timeNs, knownNs, columns }: KnownRows, row: number): void {
    const values = columns.map((column) => column[row] ?? Number.NaN);
    this.#found = { timeNs: timeNs[row] ?? 0n, knownNs: knownNs[row] ?? 0n, values };
  }

  async #read(): Promise<void> {
    const next = await this.#chunks.next();
    this.#next = 0;
    if (next.done === true) this.#hasEnded = true;
    else this.#chunk = next.value;
  }
}
