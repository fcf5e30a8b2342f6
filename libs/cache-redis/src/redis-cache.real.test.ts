import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { cacheContract, eventually } from '@tickwell/ports/contract';
import { SILENT, type Cache, type Logger } from '@tickwell/ports';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HAS_REDIS, RedisServer } from './fixtures/index.ts';
import { createRedisCache, type RedisCacheOptions } from './index.ts';

const TTL_MS = 60_000;
const MAX_VALUE_BYTES = 100_000;
const VALUE = Uint8Array.of(1, 2, 3);
const FAST = { failures: 2, minPauseMs: 20, maxPauseMs: 40 };

/** Caches of a test, closed behind it. */
const open: Cache[] = [];
afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close();
});

function cacheAt(url: string, options: Partial<RedisCacheOptions> = {}): Cache {
  const cache = createRedisCache({
    url,
    logger: SILENT,
    keyPrefix: `test-${randomUUID()}:`,
    breaker: FAST,
    ...options,
  });
  open.push(cache);
  return cache;
}

/** Every value has an age at which the server forgets it; it is brought there. */
async function expire(url: string, keyPrefix: string): Promise<void> {
  const client = await createClient({ url }).connect();
  const keys = await client.keys(`${keyPrefix}*`);
  expect(keys).not.toEqual([]);
  for (const key of keys) {
    const leftMs = await client.pTTL(key);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(TTL_MS);
    await client.pExpire(key, -1);
  }
  await client.close();
}

describe.skipIf(!HAS_REDIS)('the cache in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(async () => {
    await server.kill();
  });

  cacheContract('Redis', () => {
    const keyPrefix = `test-${randomUUID()}:`;
    const limits = { ttlMs: TTL_MS, maxValueBytes: MAX_VALUE_BYTES, timeoutMs: 5_000 };
    const cache = cacheAt(server.url, { keyPrefix, ...limits });
    return Promise.resolve({
      cache,
      maxValueBytes: MAX_VALUE_BYTES,
      age: () => expire(server.url, keyPrefix),
      close: () => cache.close(),
    });
  });

  it('is one for all processes that use it', async () => {
    const keyPrefix = `shared-${randomUUID()}:`;
    await cacheAt(server.url, { keyPrefix }).set('a', VALUE);
    expect(new Uint8Array((await cacheAt(server.url, { keyPrefix }).get('a')) ?? [])).toEqual(VALUE);
  });

  it('is used again once it is back, and says why it was not', async () => {
    const own = await RedisServer.start();
    const told: string[] = [];
    const logger: Logger = {
      ...SILENT,
      warn: (_, line) => told.push(line),
      info: (_, line) => told.push(line),
    };
    const cache = cacheAt(own.url, { logger });
    try {
      await cache.set('a', VALUE);
      await own.kill();
      for (let call = 0; call < 10; call += 1) expect(await cache.get('a')).toBeUndefined();
      expect(cache.stats().problem).toContain(`127.0.0.1:${own.port}`);
      await own.resume();
      await eventually(async () => {
        await cache.set('a', VALUE);
        expect(await cache.get('a')).toBeDefined();
      });
      expect(cache.stats().problem).toBeUndefined();
      expect(told).toHaveLength(2);
    } finally {
      await own.kill();
    }
  });

  it('waits for one that does not answer so long and no longer, by a few calls, and then not at all', async () => {
    const own = await RedisServer.start();
    // Long pauses: within this test nothing is tried a second time.
    const breaker = { failures: 2, minPauseMs: 60_000, maxPauseMs: 60_000 };
    const cache = cacheAt(own.url, { timeoutMs: 50, breaker });
    try {
      await cache.set('a', VALUE);
      own.freeze();
      for (let call = 0; call < 100; call += 1) expect(await cache.get('a')).toBeUndefined();
      // Two that waited, and 98 that did not.
      expect(cache.stats()).toMatchObject({ failures: 100, hits: 0 });
      expect(cache.stats().problem).toContain('no answer within 50 ms');
    } finally {
      own.thaw();
      await own.kill();
    }
  });

  it('has so many calls under way and no more', async () => {
    const own = await RedisServer.start();
    const cache = cacheAt(own.url, { timeoutMs: 200, maxCalls: 4 });
    try {
      await cache.set('a', VALUE);
      own.freeze();
      const calls = Array.from({ length: 50 }, () => cache.get('a'));
      // The others end at once, without a turn of the event loop.
      expect(cache.stats().failures).toBe(46);
      await Promise.all(calls);
    } finally {
      own.thaw();
      await own.kill();
    }
  });

  it('reads on from one that is full', async () => {
    const own = await RedisServer.start(['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction']);
    const cache = cacheAt(own.url, { timeoutMs: 5_000, breaker: { ...FAST, failures: 1_000 } });
    try {
      await cache.set('a', VALUE);
      for (let at = 0; at < 50; at += 1) await cache.set(`fill${at}`, new Uint8Array(200_000));
      expect(cache.stats().failures).toBeGreaterThan(0);
      expect(new Uint8Array((await cache.get('a')) ?? [])).toEqual(VALUE);
    } finally {
      await own.kill();
    }
  });

  it('names no password', async () => {
    const cache = cacheAt('redis://user:secret@127.0.0.1:1', { breaker: { ...FAST, failures: 1 } });
    expect(await cache.get('a')).toBeUndefined();
    expect(cache.stats().problem).toContain('127.0.0.1:1');
    expect(cache.stats().problem).not.toContain('secret');
  });
});
