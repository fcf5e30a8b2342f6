/**
 * Bytes by name that may be forgotten at any time, and are bounded in size, number and age. It makes answers faster and never decides what they are: a value
 * says itself what it is of and when it holds. Calls never reject and end within a bound of the adapter's; what cannot be had is not there.
 */
export interface Cache {
  /** The bytes of the last {@link set}, or undefined. Nobody may change them. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Resolves once {@link get} may find it, or once it is clear that it will not. */
  set(key: string, value: Uint8Array): Promise<void>;
  stats(): CacheStats;
  close(): Promise<void>;
}

/** Counts since the cache was made. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly sets: number;
  /** Values that were too large to keep. */
  readonly refused: number;
  /** Calls that failed, took too long or were not tried because others did. */
  readonly failures: number;
  /** Values that made room for others; 0 where somebody else counts them. */
  readonly evicted: number;
  /** What it holds; undefined where somebody else knows. */
  readonly held: { readonly entries: number; readonly bytes: number; readonly maxBytes: number } | undefined;
  /** Why it is not used at present. */
  readonly problem: string | undefined;
}
