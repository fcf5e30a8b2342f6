import { cacheContract } from '@tickwell/ports/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryCache, type MemoryCacheOptions } from './memory-cache.ts';

const MAX_AGE_MS = 1_000;
const MAX_VALUE_BYTES = 10_000;

function cacheOf(options: Partial<MemoryCacheOptions> = {}) {
  const clock = { ms: 0 };
  const cache = new MemoryCache({
    maxBytes: 100_000,
    maxValueBytes: MAX_VALUE_BYTES,
    maxAgeMs: MAX_AGE_MS,
    nowMs: () => clock.ms,
    ...options,
  });
  return { cache, clock };
}

cacheContract('memory', () => {
  const { cache, clock } = cacheOf();
  return Promise.resolve({
    cache,
    maxValueBytes: MAX_VALUE_BYTES,
    age: () => {
      clock.ms += MAX_AGE_MS + 1;
      return Promise.resolve();
    },
    close: () => cache.close(),
  });
});

describe('the cache in memory', () => {
  it('never holds more bytes than it may', async () => {
    const steps = fc.array(
      fc.record({
        key: fc.integer({ min: 0, max: 30 }),
        size: fc.integer({ min: 0, max: 12_000 }),
        isGet: fc.boolean(),
      }),
      { maxLength: 200 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { cache } = cacheOf();
        for (const { key, size, isGet } of all) {
          if (isGet) await cache.get(`k${key}`);
          else await cache.set(`k${key}`, new Uint8Array(size));
          expect(cache.stats().held?.bytes).toBeLessThanOrEqual(100_000);
        }
      }),
    );
  });

  it('lets go what was used least recently', async () => {
    const { cache } = cacheOf();
    const ten = Array.from({ length: 10 }, (_, at) => `k${at}`);
    for (const key of ten) await cache.set(key, new Uint8Array(9_000));
    await cache.set('one more', new Uint8Array(9_000));
    await cache.set('and one', new Uint8Array(9_000));
    expect(await cache.get('k0')).toBeUndefined();
    expect(await cache.get('k9')).toBeDefined();
    expect(cache.stats().evicted).toBeGreaterThan(0);
  });

  it('keeps what is asked for again through a scan of much that is read once', async () => {
    const { cache } = cacheOf();
    await cache.set('hot', new Uint8Array(9_000));
    await cache.get('hot');
    for (let at = 0; at < 100; at += 1) await cache.set(`scan${at}`, new Uint8Array(9_000));
    expect(await cache.get('hot')).toBeDefined();
  });

  it('does not hold the buffer that a value is a part of', async () => {
    const { cache } = cacheOf();
    const large = new Uint8Array(1_000_000);
    await cache.set('a', large.subarray(0, 10));
    expect((await cache.get('a'))?.buffer.byteLength).toBe(10);
  });
});
