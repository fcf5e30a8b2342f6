import { TickwellError } from '@tickwell/domain';
import { groupBroker, request } from './broker.ts';
import { ClusterConnection } from './connection.ts';
import { topicMetadata } from './describe.ts';
import type { KafkaSettings } from './options.ts';
import { errorName } from './protocol/error-codes.ts';
import { listOffsetsRequest } from './protocol/list-offsets.ts';

/** Partitions of a topic by the broker that leads them. */
type Leaders = ReadonlyMap<string, readonly number[]>;

/**
 * Asks where topics end, by one request to each broker that leads partitions of them, on a connection of its own: one that ranges are read on would make the
 * question wait for records. Who leads what is looked up once, and again after a failure.
 */
export class EndOffsets {
  readonly #connection: ClusterConnection;
  readonly #leaders = new Map<string, Leaders>();

  constructor(settings: KafkaSettings) {
    this.#connection = new ClusterConnection(settings);
  }

  async of(topic: string): Promise<ReadonlyMap<number, bigint>> {
    try {
      const leaders = this.#leaders.get(topic) ?? (await this.#lookUp(topic));
      const answers = await Promise.all(
        [...leaders].map(([nodeId, partitions]) => this.#ask(topic, nodeId, partitions)),
      );
      return new Map(answers.flat());
    } catch (error) {
      this.#leaders.delete(topic);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #lookUp(topic: string): Promise<Leaders> {
    const [metadata] = await this.#connection.use([], (cluster) => topicMetadata(cluster, [topic]));
    const leaders = new Map<string, number[]>();
    for (const { partition, leader } of metadata?.partitions ?? []) {
      const nodeId = String(leader);
      leaders.set(nodeId, [...(leaders.get(nodeId) ?? []), partition]);
    }
    this.#leaders.set(topic, leaders);
    return leaders;
  }

  async #ask(
    topic: string,
    nodeId: string,
    partitions: readonly number[],
  ): Promise<(readonly [number, bigint])[]> {
    const listed = await this.#connection.use([], async (cluster) =>
      request(groupBroker(await cluster.findBroker({ nodeId })), listOffsetsRequest(topic, partitions)),
    );
    return listed.map(({ partition, errorCode, endOffset }) => {
      // The next question asks for metadata, which tells a moved leader from a topic that is gone.
      if (errorCode !== 0)
        throw new TickwellError(
          'kafka-failed',
          `Asking where ${topic}/${partition} ends: ${errorName(errorCode)}`,
          { retryable: true },
        );
      return [partition, endOffset] as const;
    });
  }
}
