import type { Cache, EventLog, TopicPartition } from '@tickwell/ports';
import type { CommitTracker } from '../commit-tracker.ts';
import { CachedHistory, type CachedHistoryParts } from './cached-history.ts';
import { FollowedLog } from './followed-log.ts';

/** What is cached goes into memory, and where there is one into what several processes share. */
export interface CacheLevels {
  readonly memory: Cache;
  readonly shared?: Cache | undefined;
  /** 2 MiB unless given; a minute of ticks that is more is not kept. */
  readonly maxBlockBytes?: number;
}

const MAX_BLOCK_BYTES = 2 * 1024 * 1024;

interface QueryCacheParts {
  readonly log: EventLog;
  readonly levels: CacheLevels;
  readonly commits: Pick<CommitTracker, 'newest'>;
  readonly partitionOf: (key: string, partitions: number) => number;
  readonly nowNs: () => bigint;
}

/** A read that has to wait longer for the log is answered from the store, which on a machine that is overloaded makes it worse: not soon. */
const FENCE_TIMEOUT_MS = 1_000;

/** The cache of a query process: what it knows of the log, and the calls that it answers. */
export class QueryCache {
  readonly followed: FollowedLog;
  readonly #parts: QueryCacheParts;

  constructor(parts: QueryCacheParts) {
    this.#parts = parts;
    const nowMs = (): number => performance.now();
    this.followed = new FollowedLog({ log: parts.log, timeoutMs: FENCE_TIMEOUT_MS, nowMs });
  }

  /** The same calls, answered from the cache where that is certain to be right. */
  over(calls: Pick<CachedHistoryParts, 'history' | 'isContinuous' | 'configPosition'>): CachedHistory {
    const { levels, partitionOf, nowNs } = this.#parts;
    const { seen, fence } = this.followed;
    return new CachedHistory({
      ...calls,
      ...{ seen, fence, nowNs },
      memory: levels.memory,
      shared: levels.shared,
      maxBlockBytes: levels.maxBlockBytes ?? MAX_BLOCK_BYTES,
      isStored: (place, epoch, beginOffset, offset) =>
        offset <= beginOffset || this.#storedTo(place, epoch) >= offset,
      partitionOf: (topic, symbol) => {
        const partitions = this.followed.partitions(topic);
        return partitions === 0 ? undefined : partitionOf(symbol, partitions);
      },
      nowMs: () => performance.now(),
    });
  }

  #storedTo({ topic, partition }: TopicPartition, epoch: string): bigint {
    return this.#parts.commits.newest(topic, partition, epoch)?.nextOffset ?? 0n;
  }
}
