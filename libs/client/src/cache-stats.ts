import type { queryV1 } from '@tickwell/contracts';

/** One level of the cache, counted since the process started. */
export interface CacheLevelStats {
  readonly hits: number;
  readonly misses: number;
  readonly sets: number;
  /** Values that were too large. */
  readonly refused: number;
  /** Calls that failed, took too long or were not tried because others did. */
  readonly failures: number;
  readonly evicted: number;
  /** What is held; 0 where the server knows. */
  readonly entries: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Why it is not used at present; left out: it is. */
  readonly problem?: string;
}

/** What became of the parts that a query process's answers of history are made of, since it started. */
export interface CacheReport {
  /** False: it caches nothing, and every number is 0. */
  readonly enabled: boolean;
  readonly memoryHits: number;
  /** In what processes share. */
  readonly sharedHits: number;
  /** Were there, but something had changed since. */
  readonly stale: number;
  /** Read from the store and kept. */
  readonly filled: number;
  /** Waited for a read of the same that was under way. */
  readonly waited: number;
  /** Read from the store for one call alone, by reason. */
  readonly direct: Readonly<Record<string, number>>;
  readonly memory?: CacheLevelStats;
  /** Left out: no Redis is configured. */
  readonly shared?: CacheLevelStats;
}

export function cacheReport(message: queryV1.GetCacheStatsResponse): CacheReport {
  const { enabled, memoryHits, sharedHits, stale, filled, waited, direct, memory, shared } = message;
  return {
    enabled,
    memoryHits: Number(memoryHits),
    sharedHits: Number(sharedHits),
    stale: Number(stale),
    filled: Number(filled),
    waited: Number(waited),
    direct: Object.fromEntries(direct.map(({ reason, reads }) => [reason, Number(reads)])),
    ...(memory === undefined ? {} : { memory: levelStats(memory) }),
    ...(shared === undefined ? {} : { shared: levelStats(shared) }),
  };
}

function levelStats(level: queryV1.CacheLevel): CacheLevelStats {
  const { problem } = level;
  return {
    hits: Number(level.hits),
    misses: Number(level.misses),
    sets: Number(level.sets),
    refused: Number(level.refused),
    failures: Number(level.failures),
    evicted: Number(level.evicted),
    entries: Number(level.entries),
    bytes: Number(level.bytes),
    maxBytes: Number(level.maxBytes),
    ...(problem === '' ? {} : { problem }),
  };
}
