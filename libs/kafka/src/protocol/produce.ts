import type { NewRecord, TopicPartition } from '@tickwell/ports';
import { writeBatch, type BatchIdentity } from './batch-writer.ts';
import type { KafkaRequest } from './request.ts';
import { WireReader, WireWriter } from './wire.ts';

/** Records of one partition, in order, with the identity that makes a repetition known. */
export interface PartitionBatch extends TopicPartition {
  readonly records: readonly NewRecord[];
  /** Of each record in the log, at most. */
  readonly sizes: readonly number[];
  readonly identity: BatchIdentity;
}

export interface ProducedPartition extends TopicPartition {
  /** 0: none; see {@link errorName}. */
  readonly errorCode: number;
}

const PRODUCE_KEY = 0;
/** The last version before brokers explain errors record by record; spoken since Kafka 2.1. */
const PRODUCE_VERSION = 7;
const INIT_PRODUCER_ID_KEY = 22;
const INIT_PRODUCER_ID_VERSION = 1;
const ALL_REPLICAS = -1;
const NO_TRANSACTION = -1;

/** Produce, acknowledged by all replicas in sync. At most one batch of each partition. */
export function produceRequest(
  batches: readonly PartitionBatch[],
  options: { readonly timeoutMs: number; readonly nowMs: number },
): KafkaRequest<ProducedPartition[]> {
  return {
    apiKey: PRODUCE_KEY,
    apiVersion: PRODUCE_VERSION,
    apiName: 'Produce',
    encode: () => encode(batches, options),
    decode,
  };
}

export interface ProducerIdentity {
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Asks for an identity of an idempotent producer without transactions. */
export function initProducerIdRequest(): KafkaRequest<ProducerIdentity> {
  return {
    apiKey: INIT_PRODUCER_ID_KEY,
    apiVersion: INIT_PRODUCER_ID_VERSION,
    apiName: 'InitProducerId',
    encode: () => new WireWriter().int16(NO_TRANSACTION).int32(0).finish(),
    decode: (payload) => {
      const reader = new WireReader(payload);
      reader.int32(); // throttle time
      return { errorCode: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() };
    },
  };
}

function encode(
  batches: readonly PartitionBatch[],
  { timeoutMs, nowMs }: { readonly timeoutMs: number; readonly nowMs: number },
): Buffer {
  const byTopic = new Map<string, PartitionBatch[]>();
  let sizeHint = 64;
  for (const batch of batches) {
    const known = byTopic.get(batch.topic);
    if (known === undefined) byTopic.set(batch.topic, [batch]);
    else known.push(batch);
    sizeHint += 128 + batch.sizes.reduce((sum, size) => sum + size, 0);
  }
  const writer = new WireWriter(sizeHint)
    .int16(NO_TRANSACTION)
    .int16(ALL_REPLICAS)
    .int32(timeoutMs)
    .int32(byTopic.size);
  for (const [topic, partitions] of byTopic) {
    writer.string(topic).int32(partitions.length);
    for (const { partition, records, identity } of partitions) {
      writer.int32(partition);
      writeBatch(writer, records, identity, nowMs);
    }
  }
  return writer.finish();
}

function decode(payload: Buffer): ProducedPartition[] {
  const reader = new WireReader(payload);
  return reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => {
        const partition = reader.int32();
        const errorCode = reader.int16();
        reader.int64(); // base offset
        reader.int64(); // append time
        reader.int64(); // log start
        return { topic, partition, errorCode };
      });
    })
    .flat();
}
