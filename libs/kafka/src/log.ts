import { TickwellError } from '@tickwell/domain';
import type { TopicSpec } from '@tickwell/contracts';
import type {
  ConsumerOptions,
  EventLog,
  EventSink,
  GroupConsumer,
  LogTail,
  TailOptions,
  TopicDescription,
} from '@tickwell/ports';
import { ClusterConnection, createClient } from './connection.ts';
import { describeTopics } from './describe.ts';
import { EndOffsets } from './end-offsets.ts';
import { isConnectionFault, toTickwellError, unreachable } from './errors.ts';
import { KafkaGroupConsumer } from './group-consumer.ts';
import { GroupPositions, type GroupPosition } from './group-positions.ts';
import { withDefaults } from './options.ts';
import type { KafkaLogOptions, KafkaSettings } from './options.ts';
import { readRange } from './range-reader.ts';
import { whileTransient } from './retry.ts';
import { KafkaSink } from './sink.ts';
import { KafkaTail } from './tail.ts';
import { ensureTopics } from './topics.ts';

/** The log in Kafka, and the topics it needs. */
export interface KafkaLog extends EventLog {
  /**
   * Creates the topics that are missing and checks the others. Rejects with `topic-mismatch`, one line for all differences, where
   * partitions, cleanup or retention are not those of the catalogue.
   */
  ensureTopics(catalogue: readonly TopicSpec[]): Promise<void>;
  /** What these consumer groups have committed, partition by partition; what a group never committed is left out. */
  groupPositions(groupIds: readonly string[]): Promise<readonly GroupPosition[]>;
}

/**
 * The event log on Kafka, through kafkajs 2.2.4. Nothing connects before it is used. Errors are TickwellErrors; one line with `kafka-unreachable` names the
 * brokers when none answers.
 */
export function createKafkaLog(options: KafkaLogOptions): KafkaLog {
  return new KafkaEventLog(withDefaults(options));
}

interface Stoppable {
  stop(): Promise<void>;
}

class KafkaEventLog implements KafkaLog {
  readonly #settings: KafkaSettings;
  /** For questions and ranges; consumers and tails have their own, because a waiting fetch holds up whatever shares its connection. */
  readonly #connection: ClusterConnection;
  readonly #sinks = new Set<KafkaSink>();
  readonly #readers = new Set<Stoppable>();
  readonly #groups: GroupPositions;
  readonly #ends: EndOffsets;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#connection = new ClusterConnection(settings);
    this.#groups = new GroupPositions(settings);
    this.#ends = new EndOffsets(settings);
  }

  async createSink({ name }: { readonly name: string }): Promise<EventSink> {
    const sink = new KafkaSink(this.#settings, name, this.#connection);
    await this.#guard(`Opening sink ${name}`, () => sink.open());
    this.#sinks.add(sink);
    return sink;
  }

  createConsumer(options: ConsumerOptions): GroupConsumer {
    const consumer = new KafkaGroupConsumer(this.#settings, options);
    this.#readers.add(consumer);
    return consumer;
  }

  createTail(options: TailOptions): LogTail {
    const tail = new KafkaTail(this.#settings, options);
    this.#readers.add(tail);
    return tail;
  }

  readRange(range: Parameters<EventLog['readRange']>[0]): ReturnType<EventLog['readRange']> {
    return readRange(this.#settings, this.#connection, range);
  }

  async describeTopic(topic: string): Promise<TopicDescription> {
    const [description] = await this.#guard(`Describing topic ${topic}`, () =>
      describeTopics(this.#connection, [topic]),
    );
    if (description === undefined)
      throw new TickwellError('kafka-failed', `Kafka did not describe topic ${topic}`);
    return description;
  }

  endOffsets(topic: string): Promise<ReadonlyMap<number, bigint>> {
    return this.#guard(`Asking where topic ${topic} ends`, () => this.#ends.of(topic));
  }

  async ensureTopics(catalogue: readonly TopicSpec[]): Promise<void> {
    const client = createClient(this.#settings);
    const admin = client.kafka.admin();
    try {
      await this.#guard('Creating and checking the topics', async () => {
        await admin.connect();
        await ensureTopics(admin, this.#connection, catalogue);
      });
    } finally {
      client.destroy();
      await admin.disconnect().catch(() => undefined);
    }
  }

  groupPositions(groupIds: readonly string[]): Promise<readonly GroupPosition[]> {
    return this.#guard('Reading the positions of consumer groups', () => this.#groups.of(groupIds));
  }

  async close(): Promise<void> {
    await Promise.all([this.#groups.close(), this.#ends.close()]);
    await Promise.all([...this.#readers].map((reader) => reader.stop()));
    await Promise.all([...this.#sinks].map((sink) => sink.close()));
    await this.#connection.close();
  }

  async #guard<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await whileTransient(work);
    } catch (error) {
      if (isConnectionFault(error)) throw unreachable(this.#settings.brokers, error);
      throw toTickwellError(error, what);
    }
  }
}
