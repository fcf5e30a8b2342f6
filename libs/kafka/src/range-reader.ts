import { TickwellError, errorMessage } from '@tickwell/domain';
import type { LogRecord, TopicPartition } from '@tickwell/ports';
import type { ClusterConnection } from './connection.ts';
import { describeTopics, topicMetadata } from './describe.ts';
import { isTransient, unreachable } from './errors.ts';
import { fetchOnce } from './fetch-loop.ts';
import type { KafkaSettings } from './options.ts';
import { pause } from './pause.ts';
import type { FetchedPartition } from './protocol/fetch.ts';

export type Range = TopicPartition & {
  readonly fromOffset: bigint;
  readonly toOffset: bigint;
  readonly signal?: AbortSignal;
};

/** Short, because ranges share a connection: one that waits for records not yet written must not hold up the others. */
const MAX_WAIT_MS = 25;
const RETRY_MS = 100;
/** Most ranges are a few checkpoints; a long one is read in larger and larger pieces. */
const FIRST_FETCH_BYTES = 64 * 1024;

/** Reads one partition between two offsets by fetching it directly: no group, no assignment, so the first records come with the first answer. */
export async function* readRange(
  settings: KafkaSettings,
  connection: ClusterConnection,
  range: Range,
): AsyncGenerator<readonly LogRecord[]> {
  let maxBytes = FIRST_FETCH_BYTES;
  const { topic, partition, toOffset, signal } = range;
  let position = range.fromOffset < 0n ? 0n : range.fromOffset;
  let leader: number | null = null;
  let failingSinceMs: number | null = null;
  while (position < toOffset && signal?.aborted !== true) {
    try {
      leader ??= await leaderOf(connection, range);
      const limits = { minBytes: 1, maxWaitMs: MAX_WAIT_MS, maxBytes, maxPartitionBytes: maxBytes };
      const fetched = await fetchOnce(
        connection,
        leader,
        [{ topic, partition, position, untilOffset: toOffset }],
        limits,
      );
      maxBytes = Math.min(2 * maxBytes, settings.maxPartitionFetchBytes);
      failingSinceMs = null;
      const [answer] = fetched;
      if (answer === undefined) continue;
      position = nextPosition(answer, position);
      if (answer.records.length > 0) yield answer.records;
    } catch (error) {
      if (isOutOfRange(error)) {
        position = await nearestPosition(connection, range, position);
        if (position < toOffset) await pause(RETRY_MS, signal);
        continue;
      }
      if (!isTransient(error)) throw error;
      failingSinceMs ??= performance.now();
      if (performance.now() - failingSinceMs > settings.unreachableTimeoutMs)
        throw unreachable(settings.brokers, error);
      settings.logger.debug(
        { topic, partition, error: errorMessage(error) },
        'Reading a range was interrupted; trying again',
      );
      leader = null;
      await pause(RETRY_MS, signal);
    }
  }
}

/** An empty answer before the end of the log means that compaction left nothing up to there. */
function nextPosition(answer: FetchedPartition, position: bigint): bigint {
  if (answer.nextOffset > position) return answer.nextOffset;
  return answer.byteLength === 0 && answer.endOffset > position ? answer.endOffset : position;
}

async function leaderOf(
  connection: ClusterConnection,
  { topic, partition }: TopicPartition,
): Promise<number> {
  const [metadata] = await connection.use([], (cluster) => topicMetadata(cluster, [topic]));
  const leader = metadata?.partitions.find((candidate) => candidate.partition === partition)?.leader;
  if (leader !== undefined) return leader;
  throw new TickwellError('partition-missing', `Topic ${topic} has no partition ${partition}`);
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof TickwellError && error.code === 'offset-out-of-range';
}

/** The first record kept, where the position lies before it; a position after the end stays, for the log may grow up to it. */
async function nearestPosition(
  connection: ClusterConnection,
  { topic, partition }: Range,
  position: bigint,
): Promise<bigint> {
  const [description] = await describeTopics(connection, [topic]);
  const offsets = description?.partitions.find((candidate) => candidate.partition === partition);
  return offsets !== undefined && offsets.beginOffset > position ? offsets.beginOffset : position;
}
