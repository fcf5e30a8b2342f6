/** Keeps what was used last, up to so many bytes; one that is larger alone is not kept. */
export class ByteCache<T> {
  #entries = new Map<string, { readonly value: T; readonly bytes: number }>();
  #bytes = 0;
  #maxBytes: number;
  #bytesOf: (value: T) => number;

  constructor(maxBytes: number, bytesOf: (value: T) => number) {
    this.#maxBytes = maxBytes;
    this.#bytesOf = bytesOf;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, make: () => T): T {
    const hit = this.#entries.get(key);
    if (hit !== undefined) {
      // A Map keeps the order of insertion: what is used moves to the end, what is at the front goes first.
      this.#entries.delete(key);
      this.#entries.set(key, hit);
      return hit.value;
    }
    const value = make();
    const bytes = this.#bytesOf(value);
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
    return value;
  }
}
