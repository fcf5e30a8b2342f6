import type { TopicPartition } from '@tickwell/ports';
import type { KafkaRequest } from './request.ts';
import { WireReader, WireWriter } from './wire.ts';

export interface ListedOffset extends TopicPartition {
  /** 0: none; see {@link errorName}. */
  readonly errorCode: number;
  /** The offset that the next record gets. */
  readonly endOffset: bigint;
}

const API_KEY = 2;
/** From 5 on a new leader that does not know yet how far the old one had told readers says so instead of answering less. */
const API_VERSION = 5;
/** As Fetch: what readers may see. */
const READ_COMMITTED = 1;
const LATEST = -1n;

/** Where partitions of one topic end, asked of the broker that leads them. */
export function listOffsetsRequest(
  topic: string,
  partitions: readonly number[],
): KafkaRequest<ListedOffset[]> {
  return {
    apiKey: API_KEY,
    apiVersion: API_VERSION,
    apiName: 'ListOffsets',
    encode: () => encode(topic, partitions),
    decode,
  };
}

function encode(topic: string, partitions: readonly number[]): Buffer {
  const writer = new WireWriter(64 + partitions.length * 16)
    .int32(-1) // replica id: a client
    .int8(READ_COMMITTED)
    .int32(1)
    .string(topic)
    .int32(partitions.length);
  for (const partition of partitions) writer.int32(partition).int32(-1).int64(LATEST); // -1: leader epoch unknown
  return writer.finish();
}

function decode(payload: Buffer): ListedOffset[] {
  const reader = new WireReader(payload);
  reader.int32(); // throttle time
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array(() => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      reader.int64(); // timestamp
      const endOffset = reader.int64();
      reader.int32(); // leader epoch
      return { topic, partition, errorCode, endOffset };
    });
  });
  return topics.flat();
}
