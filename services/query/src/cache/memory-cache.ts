import type { Cache, CacheStats } from '@tickwell/ports';

export interface MemoryCacheOptions {
  /** Of values with their keys. */
  readonly maxBytes: number;
  readonly maxValueBytes: number;
  readonly maxAgeMs: number;
  /** Monotonic. */
  readonly nowMs: () => number;
}

interface Held {
  readonly value: Uint8Array;
  readonly bytes: number;
  readonly setMs: number;
}

/** What a value costs beside its bytes: the map's entry, the objects around it. */
const ENTRY_BYTES = 256;
/** Of the whole, for what was asked for more than once. */
const PROTECTED_SHARE = 0.8;

/**
 * The level of the cache that is this process's own. What is asked for a second time is protected from what is read once: one scan over years of ticks
 * drives out other scans, not the series that everybody reads.
 */
export class MemoryCache implements Cache {
  readonly #options: MemoryCacheOptions;
  /** The least recently used first. */
  readonly #fresh = new Map<string, Held>();
  readonly #protected = new Map<string, Held>();
  readonly #counts = { hits: 0, misses: 0, sets: 0, refused: 0, evicted: 0 };
  #freshBytes = 0;
  #protectedBytes = 0;
  #isClosed = false;

  constructor(options: MemoryCacheOptions) {
    this.#options = options;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    const held = this.#fresh.get(key) ?? this.#protected.get(key);
    if (held === undefined || this.#options.nowMs() - held.setMs > this.#options.maxAgeMs) {
      this.#remove(key);
      this.#counts.misses += 1;
      return Promise.resolve(undefined);
    }
    this.#counts.hits += 1;
    this.#remove(key);
    this.#protected.set(key, held);
    this.#protectedBytes += held.bytes;
    this.#demote();
    return Promise.resolve(held.value);
  }

  set(key: string, value: Uint8Array): Promise<void> {
    this.#remove(key);
    const bytes = value.byteLength + key.length * 2 + ENTRY_BYTES;
    const { maxValueBytes, maxBytes, nowMs } = this.#options;
    if (value.byteLength > maxValueBytes || bytes > maxBytes) this.#counts.refused += 1;
    else if (!this.#isClosed) {
      // A part of a larger buffer would keep all of that in memory.
      const isPart = value.byteLength !== value.buffer.byteLength;
      const own = isPart ? Uint8Array.from(value) : value;
      this.#fresh.set(key, { value: own, bytes, setMs: nowMs() });
      this.#freshBytes += bytes;
      this.#counts.sets += 1;
      this.#evict();
    }
    return Promise.resolve();
  }

  stats(): CacheStats {
    const entries = this.#fresh.size + this.#protected.size;
    const held = {
      entries,
      bytes: this.#freshBytes + this.#protectedBytes,
      maxBytes: this.#options.maxBytes,
    };
    return { ...this.#counts, failures: 0, held, problem: undefined };
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#fresh.clear();
    this.#protected.clear();
    this.#freshBytes = 0;
    this.#protectedBytes = 0;
    return Promise.resolve();
  }

  #remove(key: string): void {
    const fresh = this.#fresh.get(key);
    if (fresh !== undefined) this.#freshBytes -= fresh.bytes;
    this.#fresh.delete(key);
    const kept = this.#protected.get(key);
    if (kept !== undefined) this.#protectedBytes -= kept.bytes;
    this.#protected.delete(key);
  }

  /** What is too much of the protected is the newest of the others. */
  #demote(): void {
    for (const [key, held] of this.#protected) {
      if (this.#protectedBytes <= this.#options.maxBytes * PROTECTED_SHARE) return;
      this.#remove(key);
      this.#fresh.set(key, held);
      this.#freshBytes += held.bytes;
    }
  }

  #evict(): void {
    for (const held of [this.#fresh, this.#protected])
      for (const key of held.keys()) {
        if (this.#freshBytes + this.#protectedBytes <= this.#options.maxBytes) return;
        this.#remove(key);
        this.#counts.evicted += 1;
      }
  }
}
