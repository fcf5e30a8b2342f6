/** Why a part of an answer came from the store without the cache. */
export type DirectReason = 'not-cacheable' | 'log-behind' | 'not-stored-yet' | 'too-large' | 'changed';

/** What became of the parts that answers are made of. */
export interface CacheCounts {
  /** Parts that were there and held: in memory, in what processes share. */
  memoryHits: number;
  sharedHits: number;
  /** Found, but something has changed since. */
  stale: number;
  /** Read from the store and kept. */
  filled: number;
  /** Waited for somebody else's read of the same. */
  waited: number;
  readonly direct: Record<DirectReason, number>;
}

export function newCounts(): CacheCounts {
  return {
    ...{ memoryHits: 0, sharedHits: 0, stale: 0, filled: 0, waited: 0 },
    direct: { 'not-cacheable': 0, 'log-behind': 0, 'not-stored-yet': 0, 'too-large': 0, changed: 0 },
  };
}
