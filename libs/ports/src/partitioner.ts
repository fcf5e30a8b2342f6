const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const ROTATION = 24;

/**
 * Partition of a key as Kafka's Java client computes it, so that producers in other languages agree: murmur2 of the key's UTF-8 bytes,
 * sign bit cleared, modulo the number of partitions (org.apache.kafka.clients.producer.internals.BuiltInPartitioner).
 */
export function partitionForKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions;
}

/** 32-bit murmur2 with the seed of Kafka's `Utils.murmur2`; the result is signed, as in Java. */
function murmur2(data: Buffer): number {
  let hash = SEED ^ data.length;
  const tail = data.length & ~3;
  for (let index = 0; index < tail; index += 4) {
    let word = Math.imul(data.readInt32LE(index), MULTIPLIER);
    word ^= word >>> ROTATION;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const rest = data.length - tail;
  if (rest > 0) {
    for (let index = rest - 1; index >= 0; index--) hash ^= data.readUInt8(tail + index) << (8 * index);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}
