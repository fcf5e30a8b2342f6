const LEAST = 1 / 64;

/**
 * How much of what may be fetched at once is asked for. An answer that did not come in time may have been too much for the connection, or for a process that has
 * little time to read it: the same question would fail again. So the share halves with each failure, and doubles with each answer.
 */
export class FetchShare {
  #share = 1;

  get value(): number {
    return this.#share;
  }

  failed(): void {
    this.#share = Math.max(LEAST, this.#share / 2);
  }

  answered(): void {
    this.#share = Math.min(1, this.#share * 2);
  }
}
