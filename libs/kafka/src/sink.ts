import { ALL_TOPICS, MAX_RECORD_BYTES } from '@tickwell/contracts';
import { TickwellError, errorMessage } from '@tickwell/domain';
import { partitionForKey } from '@tickwell/ports';
import type { EventSink, NewRecord } from '@tickwell/ports';
import { BatchProducer, placeOf, type PendingBatch } from './batch-producer.ts';
import { ClusterConnection } from './connection.ts';
import { describePartitionCounts } from './describe.ts';
import { isNeverAccepted, toTickwellError } from './errors.ts';
import type { KafkaSettings } from './options.ts';
import { ClusterTransport } from './produce-transport.ts';
import { recordBytes } from './protocol/batch-writer.ts';
import { SendQueue } from './send-queue.ts';
import type { BatchLimits, PlacedRecord, SendBatch } from './send-queue.ts';

const KIB = 1024;
const LIMITS: BatchLimits = { maxRecords: 20_000, maxBytes: 8 * KIB * KIB, maxPartitionBytes: 900 * KIB };
/** A record above the limit of its topic (`max.message.bytes`) could never be written. */
const RECORD_LIMITS: ReadonlyMap<string, number> = new Map(
  ALL_TOPICS.map(({ name, maxRecordBytes }) => [name, maxRecordBytes ?? MAX_RECORD_BYTES - 4 * KIB]),
);
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

/**
 * One ordered writer. There is never more than one request to a broker outstanding (with several, kafkajs 2.2.4 reuses sequence numbers
 * after a lost acknowledgement, and Kafka takes a new batch for a repeated one). A batch that failed is repeated as it was, over a new
 * connection and with the same sequence numbers, before anything newer: Kafka drops what it has already.
 */
export class KafkaSink implements EventSink {
  readonly #settings: KafkaSettings;
  readonly #name: string;
  /** For questions. */
  readonly #connection: ClusterConnection;
  /** For records only, so that ending it ends what is on its way. */
  readonly #writing: ClusterConnection;
  readonly #producer: BatchProducer;
  readonly #queue: SendQueue;
  readonly #partitionCounts = new Map<string, number>();
  readonly #unknownTopics = new Set<string>();
  #pumping: Promise<void> | undefined;
  #broken: TickwellError | undefined;
  #closed = false;

  constructor(settings: KafkaSettings, name: string, connection: ClusterConnection) {
    this.#settings = settings;
    this.#name = name;
    this.#connection = connection;
    this.#writing = new ClusterConnection(settings);
    this.#producer = new BatchProducer(new ClusterTransport(settings, this.#writing));
    this.#queue = new SendQueue(settings.maxQueuedBytes);
  }

  /** Connects now, so that a Kafka that is not there is noticed at the start and not at the first record. */
  async open(): Promise<void> {
    await this.#producer.open();
  }

  async send(records: readonly NewRecord[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#closed)
      throw new TickwellError('sink-closed', `Sink ${this.#name} is closed; send before close`);
    const sizes = records.map((record) => this.#sizeOf(record));
    if (records.length === 0 && this.#queue.isEmpty) return;
    const sent = this.#queue.add(records, sizes);
    this.#pumping ??= this.#pump();
    await sent;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pumping;
    await this.#writing.close();
  }

  #sizeOf(record: NewRecord): number {
    if (record.partition === undefined && !this.#partitionCounts.has(record.topic))
      this.#unknownTopics.add(record.topic);
    const bytes = recordBytes(record);
    const limit = RECORD_LIMITS.get(record.topic) ?? MAX_RECORD_BYTES - 4 * KIB;
    if (bytes <= limit) return bytes;
    throw new TickwellError(
      'record-too-large',
      `Record of ${bytes} bytes for ${record.topic} (key ${record.key.slice(0, 80)}); Kafka takes ${limit}: split it`,
    );
  }

  async #pump(): Promise<void> {
    try {
      // What arrives in the same turn of the event loop leaves together.
      await Promise.resolve();
      while (!this.#queue.isEmpty) {
        // Calls that came while the partitions were asked for may name further topics.
        while (this.#unknownTopics.size > 0) await this.#learnPartitions([...this.#unknownTopics]);
        const batch = this.#queue.take(LIMITS, (record) => this.#partitionOf(record));
        if (batch.records.length > 0) await this.#sendUntilDurable(batch);
        this.#queue.complete(batch);
      }
    } catch (error) {
      this.#broken = sinkBroken(this.#name, error);
      this.#queue.rejectAll(this.#broken);
      await this.#writing.close();
    } finally {
      this.#pumping = undefined;
    }
  }

  async #learnPartitions(unknown: readonly string[]): Promise<void> {
    await this.#repeat(`partitions of ${unknown.join(', ')}`, async () => {
      const counts = await describePartitionCounts(this.#connection, unknown);
      for (const [topic, count] of counts) {
        this.#partitionCounts.set(topic, count);
        this.#unknownTopics.delete(topic);
      }
    });
  }

  #partitionOf(record: NewRecord): number {
    if (record.partition !== undefined) return record.partition;
    const count = this.#partitionCounts.get(record.topic);
    // In another partition than the key's the record would be out of order with all others of its key.
    if (count === undefined) throw new Error(`the partitions of ${record.topic} are not known`);
    return partitionForKey(record.key, count);
  }

  async #sendUntilDurable(batch: SendBatch): Promise<void> {
    const pending = byPartition(batch.records);
    await this.#repeat(`${batch.records.length} records`, () => this.#producer.attempt(pending));
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
          `Sending ${what} to Kafka failed; repeating the same`,
        );
        await new Promise((resolve) => setTimeout(resolve, backoffMs));
      }
    }
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

function byPartition(records: readonly PlacedRecord[]): Set<PendingBatch> {
  const batches = new Map<
    string,
    { topic: string; partition: number; records: NewRecord[]; sizes: number[] }
  >();
  for (const { record, partition, bytes } of records) {
    const place = placeOf({ topic: record.topic, partition });
    const known = batches.get(place);
    if (known === undefined) {
      batches.set(place, { topic: record.topic, partition, records: [record], sizes: [bytes] });
    } else {
      known.records.push(record);
      known.sizes.push(bytes);
    }
  }
  return new Set(batches.values());
}
