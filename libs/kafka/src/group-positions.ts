import type { Admin } from 'kafkajs';
import type { TopicPartition } from '@tickwell/ports';
import { createClient, type KafkaClient } from './connection.ts';
import type { KafkaSettings } from './options.ts';

/** How far a consumer group got with a partition. */
export interface GroupPosition extends TopicPartition {
  readonly groupId: string;
  /** The next offset it will read. */
  readonly offset: bigint;
}

/** Asks the brokers what groups have committed; one connection, made when first used and kept. */
export class GroupPositions {
  readonly #settings: KafkaSettings;
  #client: { readonly kafka: KafkaClient; readonly admin: Admin } | undefined;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  async of(groupIds: readonly string[]): Promise<readonly GroupPosition[]> {
    const admin = await this.#admin();
    const answers = await Promise.all(
      groupIds.map(async (groupId) => ({ groupId, topics: await admin.fetchOffsets({ groupId }) })),
    );
    return answers.flatMap(({ groupId, topics }) =>
      topics.flatMap(({ topic, partitions }) =>
        partitions
          .map(({ partition, offset }) => ({ groupId, topic, partition, offset: BigInt(offset) }))
          // -1: nothing committed.
          .filter(({ offset }) => offset >= 0n),
      ),
    );
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    client?.kafka.destroy();
    await client?.admin.disconnect().catch(() => undefined);
  }

  async #admin(): Promise<Admin> {
    if (this.#client === undefined) {
      const kafka = createClient(this.#settings);
      const admin = kafka.kafka.admin();
      await admin.connect();
      this.#client = { kafka, admin };
    }
    return this.#client.admin;
  }
}
