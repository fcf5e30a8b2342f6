import type { KafkaRequest } from './request.ts';
import { WireReader, WireWriter } from './wire.ts';

export interface TopicMetadata {
  readonly topic: string;
  /** 0: none; see {@link errorName}. */
  readonly errorCode: number;
  /** The broker's id of the topic, 32 hex digits: another one after the topic was deleted and made anew. */
  readonly topicId: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly errorCode: number;
    readonly leader: number;
  }[];
}

const API_KEY = 3;
/** Topic ids came with version 10 (Kafka 2.8); kafkajs 2.2.4 stops at 6. */
const API_VERSION = 12;
const NO_TOPIC_ID = Buffer.alloc(16);

/** Metadata of the topics named; unknown ones are answered with an error code and never created. */
export function metadataRequest(topics: readonly string[]): KafkaRequest<TopicMetadata[]> {
  return {
    apiKey: API_KEY,
    apiVersion: API_VERSION,
    apiName: 'Metadata',
    encode: () => encode(topics),
    decode,
  };
}

function encode(topics: readonly string[]): Buffer {
  const writer = new WireWriter().unsignedVarint(0).unsignedVarint(topics.length + 1);
  for (const topic of topics) writer.bytes(NO_TOPIC_ID).compactString(topic).unsignedVarint(0);
  return writer
    .int8(0) // create nothing
    .int8(0) // no authorized operations
    .unsignedVarint(0)
    .finish();
}

function decode(payload: Buffer): TopicMetadata[] {
  const reader = new WireReader(payload);
  reader.skipTaggedFields(); // of the header
  reader.int32(); // throttle time
  reader.compactArray(() => {
    reader.int32(); // node id
    reader.compactNullableString(); // host
    reader.int32(); // port
    reader.compactNullableString(); // rack
    reader.skipTaggedFields();
  });
  reader.compactNullableString(); // cluster id
  reader.int32(); // controller id
  return reader.compactArray(() => decodeTopic(reader));
}

function decodeTopic(reader: WireReader): TopicMetadata {
  const errorCode = reader.int16();
  const topic = reader.compactNullableString() ?? '';
  const topicId = reader.take(16).toString('hex');
  reader.int8(); // internal
  const partitions = reader.compactArray(() => {
    const partitionError = reader.int16();
    const partition = reader.int32();
    const leader = reader.int32();
    reader.int32(); // leader epoch
    for (let list = 0; list < 3; list++) reader.compactArray(() => reader.int32()); // replicas, in-sync, offline
    reader.skipTaggedFields();
    return { partition, errorCode: partitionError, leader };
  });
  reader.int32(); // authorized operations
  reader.skipTaggedFields();
  return { topic, errorCode, topicId, partitions: partitions.toSorted((a, b) => a.partition - b.partition) };
}
