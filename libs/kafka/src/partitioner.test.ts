import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import type { PartitionMetadata } from 'kafkajs';
import { expect, it } from 'vitest';
import { partitionForKey } from './index.ts';

// Computed with org.apache.kafka.common.utils.Utils of kafka-clients 4.4.0: toPositive(murmur2(key)) % 4 and % 7.
it.each([
  ['', 1, 2],
  ['a', 0, 5],
  ['ab', 2, 0],
  ['abc', 3, 4],
  ['abcd', 0, 5],
  ['AAPL', 1, 1],
  ['MSFT', 2, 5],
  ['BTC/USD', 1, 2],
  ['ES-202503', 0, 4],
  ['EURUSD', 1, 1],
  ['ключ 🚀', 0, 4],
  ['the quick brown fox jumps over the lazy dog', 0, 3],
])('places %j where the Java client does', (key, ofFour, ofSeven) => {
  expect(partitionForKey(key, 4)).toBe(ofFour);
  expect(partitionForKey(key, 7)).toBe(ofSeven);
});

it('agrees with kafkajs on any key', () => {
  const partitioner = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 64 }),
      fc.integer({ min: 1, max: 64 }),
      (key, count) => {
        const partitionMetadata: PartitionMetadata[] = Array.from({ length: count }, (_, partitionId) => ({
          partitionErrorCode: 0,
          partitionId,
          leader: 1,
          replicas: [1],
          isr: [1],
        }));
        const theirs = partitioner({ topic: 't', partitionMetadata, message: { key, value: null } });
        expect(partitionForKey(key, count)).toBe(theirs);
      },
    ),
  );
});
