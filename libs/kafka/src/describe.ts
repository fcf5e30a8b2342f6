import type { Cluster } from 'kafkajs';
import { TickwellError } from '@tickwell/domain';
import type { TopicDescription } from '@tickwell/ports';
import { groupBroker, request } from './broker.ts';
import type { ClusterConnection } from './connection.ts';
import { topicMissing } from './errors.ts';
import { errorName } from './protocol/error-codes.ts';
import { metadataRequest } from './protocol/metadata.ts';
import type { TopicMetadata } from './protocol/metadata.ts';

/** Epoch and offsets of topics, as the brokers say them now. A missing topic is a `topic-missing` error. */
export async function describeTopics(
  connection: ClusterConnection,
  topics: readonly string[],
): Promise<TopicDescription[]> {
  const metadata = await connection.use([], (cluster) => topicMetadata(cluster, topics));
  return connection.use(topics, async (cluster) => {
    const begin = await offsets(cluster, metadata, true);
    const end = await offsets(cluster, metadata, false);
    return metadata.map(({ topic, topicId, partitions }) => ({
      topic,
      epoch: topicId,
      // Brokers answer in any order.
      partitions: ascending(partitions).map(({ partition }) => ({
        partition,
        beginOffset: offsetOf(begin, topic, partition),
        endOffset: offsetOf(end, topic, partition),
      })),
    }));
  });
}

function ascending(partitions: TopicMetadata['partitions']): TopicMetadata['partitions'] {
  return [...partitions].sort((a, b) => a.partition - b.partition);
}

/** How many partitions each topic has. */
export async function describePartitionCounts(
  connection: ClusterConnection,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const metadata = await connection.use([], (cluster) => topicMetadata(cluster, topics));
  return new Map(metadata.map(({ topic, partitions }) => [topic, partitions.length]));
}

/** Metadata by a request of our own: kafkajs has no topic ids. */
export async function topicMetadata(cluster: Cluster, topics: readonly string[]): Promise<TopicMetadata[]> {
  await cluster.refreshMetadataIfNecessary();
  const broker = groupBroker(await cluster.findControllerBroker());
  const metadata = await request(broker, metadataRequest(topics));
  const byName = new Map(metadata.map((entry) => [entry.topic, entry]));
  return topics.map((topic) => {
    const entry = byName.get(topic);
    if (entry === undefined) throw topicMissing(topic);
    checkTopic(entry);
    return entry;
  });
}

function checkTopic({ topic, errorCode, partitions }: TopicMetadata): void {
  const code =
    errorCode === 0 ? (partitions.find((partition) => partition.errorCode !== 0)?.errorCode ?? 0) : errorCode;
  if (code === 0) return;
  const name = errorName(code);
  if (name === 'UNKNOWN_TOPIC_OR_PARTITION') throw topicMissing(topic);
  throw new TickwellError('kafka-failed', `Metadata of topic ${topic}: ${name}`, {
    retryable: name === 'LEADER_NOT_AVAILABLE' || name === 'REPLICA_NOT_AVAILABLE',
  });
}

async function offsets(
  cluster: Cluster,
  metadata: readonly TopicMetadata[],
  fromBeginning: boolean,
): Promise<Map<string, bigint>> {
  const answer = await cluster.fetchTopicsOffset(
    metadata.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition })),
      fromBeginning,
    })),
  );
  return new Map(
    answer.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic}/${partition}`, BigInt(offset)] as const),
    ),
  );
}

function offsetOf(found: ReadonlyMap<string, bigint>, topic: string, partition: number): bigint {
  const offset = found.get(`${topic}/${partition}`);
  if (offset !== undefined) return offset;
  throw new TickwellError('kafka-failed', `Kafka did not answer the offsets of ${topic}/${partition}`, {
    retryable: true,
  });
}
