import {
  CompressionTypes,
  type Consumer,
  type EachBatchPayload,
  type Kafka,
  type Message,
  type Producer,
} from 'kafkajs';
import { SILENT } from '@tickwell/ports';
import { createClient } from '../../libs/kafka/src/connection.ts';
import { withDefaults } from '../../libs/kafka/src/options.ts';

export const BARE_PARTITIONS = 4;

/** kafkajs itself, with sockets that do not delay small requests and without its warning on Node 24. */
export function bareKafka(brokers: readonly string[]): Kafka {
  return createClient(withDefaults({ brokers, clientId: 'bench-bare', logger: SILENT })).kafka;
}

/** Sends what it is given to one topic, one send at a time: what comes meanwhile forms the next. */
export class BareSender {
  readonly #producer: Producer;
  readonly #topic: string;
  #pending: Message[] = [];
  #sending = false;
  #failure: Error | undefined;

  constructor(producer: Producer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
  }

  /** Throws what an earlier send failed with. */
  add(messages: readonly Message[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    for (const message of messages) this.#pending.push(message);
    if (this.#sending) return;
    this.#sending = true;
    this.#pump()
      .catch((error: unknown) => {
        this.#failure = new Error('sending failed', { cause: error });
      })
      .finally(() => {
        this.#sending = false;
      });
  }

  async #pump(): Promise<void> {
    while (this.#pending.length > 0) {
      const messages = this.#pending;
      this.#pending = [];
      await this.#producer.send({
        topic: this.#topic,
        messages,
        acks: -1,
        compression: CompressionTypes.None,
      });
    }
  }
}

export async function bareSender(
  kafka: Kafka,
  topic: string,
): Promise<{ sender: BareSender; producer: Producer }> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  });
  await producer.connect();
  return { sender: new BareSender(producer, topic), producer };
}

/** A consumer that commits nothing; resolves once it has its partitions. */
export async function bareConsumer(
  kafka: Kafka,
  topic: string,
  onBatch: (payload: EachBatchPayload) => void,
): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId: `${topic}-reader` });
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => {
      resolve();
    });
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: BARE_PARTITIONS,
    eachBatchAutoResolve: true,
    eachBatch: (payload) => {
      onBatch(payload);
      return Promise.resolve();
    },
  });
  await joined;
  return consumer;
}
