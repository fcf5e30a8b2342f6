import type { LogRecord, TopicPartition } from '@tickwell/ports';
import { decodeRecords } from './record-batch.ts';
import type { AbortedTransaction } from './record-batch.ts';
import type { KafkaRequest } from './request.ts';
import { WireReader, WireWriter } from './wire.ts';

export interface FetchPosition extends TopicPartition {
  readonly fromOffset: bigint;
  /** Records from here on are not wanted, although the broker may answer them; null: all are. */
  readonly untilOffset: bigint | null;
}

export interface FetchLimits {
  /** The broker answers once so many bytes are there. */
  readonly minBytes: number;
  /** How long the broker may wait for them. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
}

export interface FetchedPartition extends TopicPartition {
  /** 0: none; see {@link errorName}. */
  readonly errorCode: number;
  readonly records: LogRecord[];
  /** Where to read on. */
  readonly nextOffset: bigint;
  /** The offset after the last record that readers may see (of no open transaction). */
  readonly endOffset: bigint;
  readonly byteLength: number;
}

const API_KEY = 1;
/** Spoken by every broker since 2.3; from 13 on topics are named by id, which needs metadata that kafkajs does not read. */
const API_VERSION = 11;
const READ_COMMITTED = 1;

/**
 * Fetch, read committed, without a fetch session. Decoded here and not by kafkajs because kafkajs hides where an empty batch (all of it
 * compacted away) ends, so that a reader stays before it for ever.
 */
export function fetchRequest(
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): KafkaRequest<FetchedPartition[]> {
  const from = new Map(positions.map((position) => [placeKey(position), position]));
  return {
    apiKey: API_KEY,
    apiVersion: API_VERSION,
    apiName: 'Fetch',
    encode: () => encode(positions, limits),
    decode: (payload) => decode(payload, from),
  };
}

function placeKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function encode(positions: readonly FetchPosition[], limits: FetchLimits): Buffer {
  const writer = new WireWriter(128 + positions.length * 64);
  writer
    .int32(-1) // replica id: a client
    .int32(limits.maxWaitMs)
    .int32(limits.minBytes)
    .int32(limits.maxBytes)
    .int8(READ_COMMITTED)
    .int32(0) // session id
    .int32(-1) // session epoch: no session
    .int32(positions.length);
  for (const { topic, partition, fromOffset } of positions) {
    writer
      .string(topic)
      .int32(1)
      .int32(partition)
      .int32(-1) // leader epoch unknown
      .int64(fromOffset)
      .int64(-1n) // log start: of a follower only
      .int32(limits.maxPartitionBytes);
  }
  return writer.int32(0).string('').finish(); // nothing forgotten, no rack
}

function decode(payload: Buffer, from: ReadonlyMap<string, FetchPosition>): FetchedPartition[] {
  const reader = new WireReader(payload);
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  reader.int32(); // session id
  const partitions = reader.array(() => {
    const topic = reader.string();
    return reader.array(() => decodePartition(topic, reader, from));
  });
  return errorCode === 0
    ? partitions.flat()
    : partitions.flat().map((partition) => ({ ...partition, errorCode }));
}

function decodePartition(
  topic: string,
  reader: WireReader,
  from: ReadonlyMap<string, FetchPosition>,
): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.int64(); // high watermark
  const endOffset = reader.int64();
  reader.int64(); // log start
  const aborted: AbortedTransaction[] = reader.array(() => ({
    producerId: reader.int64(),
    firstOffset: reader.int64(),
  }));
  reader.int32(); // preferred replica
  const length = Math.max(0, reader.int32());
  const data = reader.take(length);
  const place = { topic, partition };
  const { fromOffset, untilOffset } = from.get(placeKey(place)) ?? { fromOffset: 0n, untilOffset: null };
  const decoded = decodeRecords(place, data, { fromOffset, untilOffset }, aborted);
  const nextOffset =
    decoded.nextOffset !== null && decoded.nextOffset > fromOffset ? decoded.nextOffset : fromOffset;
  return { ...place, errorCode, records: decoded.records, nextOffset, endOffset, byteLength: length };
}
