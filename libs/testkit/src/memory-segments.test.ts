import { TickwellError } from '@tickwell/domain';
import { segmentHash } from '@tickwell/ports';
import { segmentStoreContract } from '@tickwell/ports/contract';
import { expect, it } from 'vitest';
import { MemorySegments } from './memory-segments.ts';

segmentStoreContract('in memory', () => {
  const keep: ConstructorParameters<typeof MemorySegments>[0] = new Map();
  const store = new MemorySegments(keep);
  return Promise.resolve({
    store,
    again: () => new MemorySegments(keep),
    damage: (sha256, bytes) => {
      store.damage(sha256, bytes);
      return Promise.resolve();
    },
    close: () => store.close(),
  });
});

it('fails as it is told to, and changes nothing then', async () => {
  const store = new MemorySegments();
  const bytes = Uint8Array.of(1, 2, 3);
  const sha256 = segmentHash(bytes);
  store.failure = new TickwellError('segments-full', 'no space is left', { retryable: true });
  await expect(store.put(sha256, bytes)).rejects.toMatchObject({ code: 'segments-full' });
  await expect(store.has(sha256)).rejects.toMatchObject({ code: 'segments-full' });
  store.failure = undefined;
  expect(await store.has(sha256)).toBe(false);
});
