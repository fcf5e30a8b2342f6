import { create } from '@bufbuild/protobuf';
import { metrics } from '@opentelemetry/api';
import { queryV1 } from '@tickwell/contracts';
import type { CacheStats } from '@tickwell/ports';
import type { CacheCounts } from './cache-counts.ts';
import type { Levels } from './levels.ts';

interface CacheView {
  readonly counts: CacheCounts;
  readonly levels: Pick<Levels, 'memory' | 'shared'>;
}

/** The calls of tickwell.query.v1.AdminService. `cache`: undefined where nothing is cached. */
export class AdminCalls {
  readonly #cache: CacheView | undefined;

  constructor(cache: CacheView | undefined) {
    this.#cache = cache;
    if (cache !== undefined) observe(cache);
  }

  getCacheStats(): Promise<queryV1.GetCacheStatsResponse> {
    if (this.#cache === undefined) return Promise.resolve(create(queryV1.GetCacheStatsResponseSchema));
    const { counts, levels } = this.#cache;
    return Promise.resolve(
      create(queryV1.GetCacheStatsResponseSchema, {
        enabled: true,
        memoryHits: BigInt(counts.memoryHits),
        sharedHits: BigInt(counts.sharedHits),
        stale: BigInt(counts.stale),
        filled: BigInt(counts.filled),
        waited: BigInt(counts.waited),
        direct: Object.entries(counts.direct).map(([reason, reads]) =>
          create(queryV1.DirectReadsSchema, { reason, reads: BigInt(reads) }),
        ),
        memory: levelMessage(levels.memory.stats()),
        ...(levels.shared === undefined ? {} : { shared: levelMessage(levels.shared.stats()) }),
      }),
    );
  }
}

function levelMessage(stats: CacheStats): queryV1.CacheLevel {
  const { hits, misses, sets, refused, failures, evicted, held, problem } = stats;
  return create(queryV1.CacheLevelSchema, {
    hits: BigInt(hits),
    misses: BigInt(misses),
    sets: BigInt(sets),
    refused: BigInt(refused),
    failures: BigInt(failures),
    evicted: BigInt(evicted),
    entries: BigInt(held?.entries ?? 0),
    bytes: BigInt(held?.bytes ?? 0),
    maxBytes: BigInt(held?.maxBytes ?? 0),
    problem: problem ?? '',
  });
}

/** The same numbers for whoever reads the process's metrics. */
function observe({ counts, levels }: CacheView): void {
  const meter = metrics.getMeter('tickwell.query');
  meter
    .createObservableCounter('tickwell_cache_parts', {
      description:
        'Parts of answers by where they came from: memory, shared, filled, waited, or direct with a reason',
    })
    .addCallback((result) => {
      const { memoryHits, sharedHits, filled, waited, direct } = counts;
      for (const [from, value] of Object.entries({ memory: memoryHits, shared: sharedHits, filled, waited }))
        result.observe(value, { from });
      for (const [reason, value] of Object.entries(direct)) result.observe(value, { from: 'direct', reason });
    });
  meter
    .createObservableGauge('tickwell_cache_bytes', { description: 'Bytes held in memory', unit: 'By' })
    .addCallback((result) => {
      result.observe(levels.memory.stats().held?.bytes ?? 0);
    });
  meter
    .createObservableCounter('tickwell_cache_shared_failures', {
      description: 'Calls to Redis that failed, took too long or were not tried because others did',
    })
    .addCallback((result) => {
      result.observe(levels.shared?.stats().failures ?? 0);
    });
}
