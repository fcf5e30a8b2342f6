import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../cache.ts';

export interface CacheUnderTest {
  readonly cache: Cache;
  /** It keeps no value that is larger. */
  readonly maxValueBytes: number;
  /** Lets everything that is held become too old. */
  readonly age: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Every cache keeps this. */
export function cacheContract(name: string, open: () => Promise<CacheUnderTest>): void {
  describe(`cache contract: ${name}`, () => {
    let opened: CacheUnderTest | undefined;
    const under = (): CacheUnderTest => {
      if (opened === undefined) throw new Error('the cache is not open');
      return opened;
    };
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened?.close();
    });

    it('answers what was set last under a key, byte for byte, and nothing under others', async () => {
      const { cache } = under();
      const every = Uint8Array.from({ length: 256 }, (_, value) => value);
      await cache.set('a', bytes(1, 2));
      await cache.set('b', new Uint8Array());
      await cache.set('a', every);
      expect(new Uint8Array((await cache.get('a')) ?? [])).toEqual(every);
      expect((await cache.get('b'))?.byteLength).toBe(0);
      expect(await cache.get('c')).toBeUndefined();
    });

    it('takes keys of every character', async () => {
      const { cache } = under();
      const keys = ['a b', 'a\nb', 'ä', '"', 'a:*', ''];
      for (const [at, key] of keys.entries()) await cache.set(key, bytes(at));
      for (const [at, key] of keys.entries())
        expect(new Uint8Array((await cache.get(key)) ?? [])).toEqual(bytes(at));
    });

    it('keeps a part of a larger buffer as that part', async () => {
      const { cache } = under();
      await cache.set('part', bytes(0, 1, 2, 3, 4).subarray(1, 3));
      expect(new Uint8Array((await cache.get('part')) ?? [])).toEqual(bytes(1, 2));
    });

    it('keeps what is just small enough, refuses what is larger, and forgets what was there before', async () => {
      const { cache, maxValueBytes } = under();
      await cache.set('large', new Uint8Array(maxValueBytes).fill(7));
      expect((await cache.get('large'))?.byteLength).toBe(maxValueBytes);
      await cache.set('large', new Uint8Array(maxValueBytes + 1));
      expect(await cache.get('large')).toBeUndefined();
      expect(cache.stats().refused).toBe(1);
    });

    it('forgets what has become too old', async () => {
      const { cache, age } = under();
      await cache.set('a', bytes(1));
      await age();
      expect(await cache.get('a')).toBeUndefined();
      await cache.set('a', bytes(2));
      expect(new Uint8Array((await cache.get('a')) ?? [])).toEqual(bytes(2));
    });

    it('serves many at once', async () => {
      const { cache } = under();
      const all = Array.from({ length: 32 }, (_, at) => at);
      await Promise.all(all.map((at) => cache.set(`many${at}`, bytes(at))));
      const found = await Promise.all(all.map((at) => cache.get(`many${at}`)));
      expect(found.map((value) => value?.[0])).toEqual(all);
    });

    it('counts', async () => {
      const { cache } = under();
      await cache.set('a', bytes(1));
      await cache.get('a');
      await cache.get('b');
      await cache.get('c');
      expect(cache.stats()).toMatchObject({ hits: 1, misses: 2, sets: 1, failures: 0 });
      expect(cache.stats().problem).toBeUndefined();
    });

    it('answers nothing once it is closed, and does not fail', async () => {
      const { cache } = under();
      await cache.set('a', bytes(1));
      await cache.close();
      await cache.set('a', bytes(2));
      expect(await cache.get('a')).toBeUndefined();
      await cache.close();
    });
  });
}
