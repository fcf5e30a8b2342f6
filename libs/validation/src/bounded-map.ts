/**
 * A map that holds at most `limit` entries and forgets the one used longest ago. Its order is that of use, so that a copy restored
 * from {@link entries} forgets in the same order.
 */
export class BoundedMap<V> {
  readonly #limit: number;
  readonly #map = new Map<string, V>();
  #newest: string | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The entry, made by `create` if it is new; it becomes the newest. */
  use(key: string, create: () => V): V {
    const known = this.#map.get(key);
    if (known !== undefined && this.#newest === key) return known;
    const value = known ?? create();
    this.#map.delete(key);
    this.#map.set(key, value);
    this.#newest = key;
    if (this.#map.size > this.#limit) {
      const oldest = this.#map.keys().next();
      if (oldest.done !== true) this.#map.delete(oldest.value);
    }
    return value;
  }

  get size(): number {
    return this.#map.size;
  }

  /** Oldest first. */
  entries(): IterableIterator<[string, V]> {
    return this.#map.entries();
  }
}
