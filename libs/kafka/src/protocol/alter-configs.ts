import type { KafkaRequest } from './request.ts';
import { WireReader, WireWriter } from './wire.ts';

export interface TopicConfigChange {
  readonly topic: string;
  readonly name: string;
  readonly value: string;
}

export interface TopicConfigChanged {
  readonly topic: string;
  /** 0: none; see {@link errorName}. */
  readonly errorCode: number;
  readonly message: string;
}

/** IncrementalAlterConfigs: other settings of a topic stay as they are, where kafkajs' AlterConfigs would undo them. */
const API_KEY = 44;
const API_VERSION = 0;
const TOPIC = 2;
const SET = 0;
const VALIDATE_ONLY = 0;

/** Sets settings of topics that are there, one of each. */
export function alterTopicConfigsRequest(
  changes: readonly TopicConfigChange[],
): KafkaRequest<TopicConfigChanged[]> {
  return {
    apiKey: API_KEY,
    apiVersion: API_VERSION,
    apiName: 'IncrementalAlterConfigs',
    encode: () => encode(changes),
    decode,
  };
}

function encode(changes: readonly TopicConfigChange[]): Buffer {
  const writer = new WireWriter(64 + changes.length * 256).int32(changes.length);
  for (const { topic, name, value } of changes)
    writer.int8(TOPIC).string(topic).int32(1).string(name).int8(SET).string(value);
  return writer.int8(VALIDATE_ONLY).finish();
}

function decode(payload: Buffer): TopicConfigChanged[] {
  const reader = new WireReader(payload);
  reader.int32(); // throttle time
  return reader.array(() => {
    const errorCode = reader.int16();
    const message = reader.nullableString() ?? '';
    reader.int8(); // resource type
    return { topic: reader.string(), errorCode, message };
  });
}
