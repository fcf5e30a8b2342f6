import { CompressionTypes } from 'kafkajs';
import type { Producer, TopicMessages } from 'kafkajs';
import { TickwellError, errorMessage } from '@tickwell/domain';
import { partitionForKey } from '@tickwell/ports';
import type { EventSink, NewRecord } from '@tickwell/ports';
import { createClient } from './connection.ts';
import type { ClusterConnection, KafkaClient } from './connection.ts';
import { describePartitionCounts } from './describe.ts';
import { isNeverAccepted, toTickwellError } from './errors.ts';
import type { KafkaSettings } from './options.ts';
import { SendQueue, recordBytes } from './send-queue.ts';
import type { BatchLimits, PlacedRecord, SendBatch } from './send-queue.ts';

const KIB = 1024;
const LIMITS: BatchLimits = { maxRecords: 20_000, maxBytes: 8 * KIB * KIB, maxPartitionBytes: 900 * KIB };
/** Topics take 4 MiB (`max.message.bytes`); a record above this could never be written. */
const MAX_RECORD_BYTES = 4 * KIB * KIB - 4 * KIB;
const ALL_REPLICAS = -1;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

interface Live {
  readonly client: KafkaClient;
  readonly producer: Producer;
}

/**
 * One ordered writer. There is never more than one request outstanding: with several, a lost acknowledgement makes kafkajs 2.2.4 reuse
 * sequence numbers, and Kafka takes a new batch for a repeated one and drops it. A batch that failed is repeated as it was, first by
 * kafkajs with the same sequence numbers (Kafka drops what it has already), then by a new producer (it may be in the log twice).
 */
export class KafkaSink implements EventSink {
  readonly #settings: KafkaSettings;
  readonly #name: string;
  readonly #connection: ClusterConnection;
  readonly #queue: SendQueue;
  readonly #partitionCounts = new Map<string, number>();
  readonly #unknownTopics = new Set<string>();
  #live: Live | undefined;
  #pumping: Promise<void> | undefined;
  #broken: TickwellError | undefined;
  #closed = false;

  constructor(settings: KafkaSettings, name: string, connection: ClusterConnection) {
    this.#settings = settings;
    this.#name = name;
    this.#connection = connection;
    this.#queue = new SendQueue(settings.maxQueuedBytes);
  }

  /** Connects now, so that a Kafka that is not there is noticed at the start and not at the first record. */
  async open(): Promise<void> {
    await this.#connect();
  }

  async send(records: readonly NewRecord[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#closed)
      throw new TickwellError('sink-closed', `Sink ${this.#name} is closed; send before close`);
    for (const record of records) this.#check(record);
    if (records.length === 0 && this.#queue.isEmpty) return;
    const sent = this.#queue.add(records);
    this.#pumping ??= this.#pump();
    await sent;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pumping;
    await this.#disconnect();
  }

  #check(record: NewRecord): void {
    if (record.partition === undefined && !this.#partitionCounts.has(record.topic))
      this.#unknownTopics.add(record.topic);
    const bytes = recordBytes(record);
    if (bytes <= MAX_RECORD_BYTES) return;
    throw new TickwellError(
      'record-too-large',
      `Record of ${bytes} bytes for ${record.topic} (key ${record.key.slice(0, 80)}); Kafka takes ${MAX_RECORD_BYTES}: split it`,
    );
  }

  async #pump(): Promise<void> {
    try {
      // What arrives in the same turn of the event loop leaves together.
      await Promise.resolve();
      while (!this.#queue.isEmpty) {
        await this.#learnPartitions();
        const batch = this.#queue.take(LIMITS, (record) => this.#partitionOf(record));
        if (batch.records.length > 0) await this.#sendUntilDurable(batch);
        this.#queue.complete(batch);
      }
    } catch (error) {
      this.#broken = sinkBroken(this.#name, error);
      this.#queue.rejectAll(this.#broken);
      await this.#disconnect();
    } finally {
      this.#pumping = undefined;
    }
  }

  async #learnPartitions(): Promise<void> {
    const unknown = [...this.#unknownTopics];
    if (unknown.length === 0) return;
    await this.#repeat(`partitions of ${unknown.join(', ')}`, async () => {
      const counts = await describePartitionCounts(this.#connection, unknown);
      for (const [topic, count] of counts) {
        this.#partitionCounts.set(topic, count);
        this.#unknownTopics.delete(topic);
      }
    });
  }

  #partitionOf(record: NewRecord): number {
    return record.partition ?? partitionForKey(record.key, this.#partitionCounts.get(record.topic) ?? 1);
  }

  async #sendUntilDurable(batch: SendBatch): Promise<void> {
    const topicMessages = toTopicMessages(batch.records);
    await this.#repeat(`${batch.records.length} records`, async () => {
      const { producer } = this.#live ?? (await this.#connect());
      try {
        await producer.sendBatch({ topicMessages, acks: ALL_REPLICAS, compression: CompressionTypes.None });
      } catch (error) {
        await this.#disconnect();
        throw error;
      }
    });
  }

  /** Repeats until it succeeds, can never succeed, or the deadline passed. */
  async #repeat(what: string, attempt: () => Promise<void>): Promise<void> {
    const deadlineMs = performance.now() + this.#settings.sendDeadlineMs;
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS)) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (isNeverAccepted(error) || performance.now() + backoffMs > deadlineMs) throw error;
        this.#settings.logger.warn(
          { sink: this.#name, error: errorMessage(error) },
          `Sending ${what} to Kafka failed; repeating the same with a new producer`,
        );
        await new Promise((resolve) => setTimeout(resolve, backoffMs));
      }
    }
  }

  async #connect(): Promise<Live> {
    const client = createClient(this.#settings);
    const producer = client.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => explicitPartition,
      retry: { retries: 2, initialRetryTime: FIRST_BACKOFF_MS, maxRetryTime: MAX_BACKOFF_MS },
    });
    try {
      await producer.connect();
    } catch (error) {
      client.destroy();
      throw error;
    }
    this.#live = { client, producer };
    return this.#live;
  }

  /** Closes the sockets first: a request on its way must not reach Kafka after its repetition and what followed. */
  async #disconnect(): Promise<void> {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    live.client.destroy();
    await live.producer.disconnect().catch(() => undefined);
  }
}

function sinkBroken(name: string, cause: unknown): TickwellError {
  const reason = toTickwellError(cause, 'Kafka refused or did not answer');
  return new TickwellError(
    'sink-broken',
    `Sink ${name} gave up: ${errorMessage(reason)}; nothing newer was written, so restart the service to go on from its checkpoint`,
    { cause },
  );
}

function explicitPartition({ message }: { message: { partition?: number } }): number {
  return message.partition ?? 0;
}

function toTopicMessages(records: readonly PlacedRecord[]): TopicMessages[] {
  const byTopic = new Map<string, TopicMessages>();
  for (const { record, partition } of records) {
    let topic = byTopic.get(record.topic);
    if (topic === undefined) {
      topic = { topic: record.topic, messages: [] };
      byTopic.set(record.topic, topic);
    }
    topic.messages.push({
      key: record.key,
      value: record.value === null ? null : asBuffer(record.value),
      headers: { ...record.headers },
      partition,
    });
  }
  return [...byTopic.values()];
}

/** A view: kafkajs copies when it encodes. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
