import type { ProduceTransport } from './batch-producer.ts';
import { placeOf } from './batch-producer.ts';
import { groupBroker, request } from './broker.ts';
import type { ClusterConnection } from './connection.ts';
import { topicMetadata } from './describe.ts';
import type { KafkaSettings } from './options.ts';
import { initProducerIdRequest, produceRequest } from './protocol/produce.ts';
import type { PartitionBatch, ProducedPartition, ProducerIdentity } from './protocol/produce.ts';

/** A producer's requests over kafkajs' connections, which are thrown away when one of them fails. */
export class ClusterTransport implements ProduceTransport {
  readonly #settings: KafkaSettings;
  readonly #connection: ClusterConnection;

  constructor(settings: KafkaSettings, connection: ClusterConnection) {
    this.#settings = settings;
    this.#connection = connection;
  }

  identify(): Promise<ProducerIdentity> {
    return this.#connection.use([], async (cluster) => {
      await cluster.refreshMetadataIfNecessary();
      return request(groupBroker(await cluster.findControllerBroker()), initProducerIdRequest());
    });
  }

  async leaders(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const metadata = await this.#connection.use([], async (cluster) => {
      await cluster.refreshMetadata();
      return topicMetadata(cluster, topics);
    });
    return new Map(
      metadata.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, leader }) => [placeOf({ topic, partition }), leader] as const),
      ),
    );
  }

  produce(nodeId: number, batches: readonly PartitionBatch[]): Promise<readonly ProducedPartition[]> {
    return this.#connection.use([], async (cluster) => {
      const broker = groupBroker(await cluster.findBroker({ nodeId: String(nodeId) }));
      const options = { timeoutMs: this.#settings.requestTimeoutMs, nowMs: Date.now() };
      return request(broker, produceRequest(batches, options));
    });
  }
}
