import type { TopicOffsets } from 'kafkajs';
import { TickwellError, errorMessage } from '@tickwell/domain';
import type { CommittedPosition, TopicPartition } from '@tickwell/ports';
import { assign, readAssignment, subscription, wantedTopics } from './assignment.ts';
import { groupBroker } from './broker.ts';
import type { GroupBroker } from './broker.ts';
import type { ClusterConnection } from './connection.ts';
import { describePartitionCounts, topicMetadata } from './describe.ts';
import { faultOf, isConnectionFault, isTransient, toTickwellError, unreachable } from './errors.ts';
import type { KafkaSettings } from './options.ts';
import { pause } from './pause.ts';

/** One membership in one generation of the group: what was assigned, until it ends. */
export interface Generation {
  readonly generationId: number;
  readonly memberId: string;
  readonly assigned: readonly TopicPartition[];
  /** Fires when the group changes, or when this member was, or may have been, replaced. */
  readonly ended: AbortSignal;
}

/** The coordinator does not know this member in this generation: another one may have its partitions. */
const REPLACED = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'MEMBER_ID_REQUIRED'];
const REBALANCING = 'REBALANCE_IN_PROGRESS';
/** Only the member id is of no use after these; the group itself is fine. */
const UNKNOWN_MEMBER = ['UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'];
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

/**
 * A member of a consumer group, speaking the group protocol (https://kafka.apache.org/protocol) through kafkajs' brokers. kafkajs' own
 * consumer is not used: it joins the next generation before sessions could be closed, repeats a commit of an older generation in the new
 * one (which a zombie's partitions may not be part of), and commits an offset of its own, without metadata, when one is out of range.
 */
export class GroupMembership {
  readonly #settings: KafkaSettings;
  readonly #connection: ClusterConnection;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  #memberId = '';
  #heartbeats: NodeJS.Timeout | undefined;

  constructor(
    settings: KafkaSettings,
    connection: ClusterConnection,
    groupId: string,
    topics: readonly string[],
  ) {
    this.#settings = settings;
    this.#connection = connection;
    this.#groupId = groupId;
    this.#topics = topics;
  }

  /** Takes part in the next generation. Null: the signal fired first. Rejects when Kafka stays unreachable or refuses for good. */
  async join(signal: AbortSignal): Promise<Generation | null> {
    const startedMs = performance.now();
    for (
      let backoffMs = FIRST_BACKOFF_MS;
      !signal.aborted;
      backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS)
    ) {
      try {
        return await this.#joinOnce();
      } catch (error) {
        const { type } = faultOf(error);
        if (UNKNOWN_MEMBER.includes(type)) this.#memberId = '';
        const again = type === REBALANCING || REPLACED.includes(type);
        if (!again && !isTransient(error)) throw this.#joinRefused(error);
        if (!again && performance.now() - startedMs > this.#settings.unreachableTimeoutMs) {
          throw unreachable(this.#settings.brokers, error);
        }
        this.#settings.logger[isConnectionFault(error) ? 'warn' : 'debug'](
          { groupId: this.#groupId, error: errorMessage(error) },
          'Joining the group failed; trying again',
        );
        await pause(backoffMs, signal);
      }
    }
    return null;
  }

  /** What the group committed for the partitions, by `topic/partition`; absent where nothing was. */
  async committed(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, CommittedPosition>> {
    if (partitions.length === 0) return new Map();
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, places]) => ({
      topic,
      // kafkajs' type wants an offset to fetch an offset; it is not sent.
      partitions: places.map(({ partition }) => ({ partition, offset: '' })),
    }));
    const { responses } = await this.#repeat('Reading committed offsets', (broker) =>
      broker.offsetFetch({ groupId: this.#groupId, topics }),
    );
    return readCommitted(responses);
  }

  /** False when the coordinator no longer takes this member's word for the generation. */
  async commit(generation: Generation, place: TopicPartition, position: CommittedPosition): Promise<boolean> {
    const entry = {
      partition: place.partition,
      offset: position.offset.toString(),
      metadata: position.metadata,
    };
    try {
      await this.#repeat(`Committing ${place.topic}/${place.partition}`, (broker) =>
        broker.offsetCommit({
          groupId: this.#groupId,
          groupGenerationId: generation.generationId,
          memberId: generation.memberId,
          topics: [{ topic: place.topic, partitions: [entry] }],
        }),
      );
      return true;
    } catch (error) {
      const { type } = faultOf(error);
      if (type === REBALANCING || REPLACED.includes(type)) return false;
      throw error;
    }
  }

  /** Leaves, so that the others need not wait for the session to time out. Best effort. */
  async leave(): Promise<void> {
    clearInterval(this.#heartbeats);
    const memberId = this.#memberId;
    if (memberId === '') return;
    this.#memberId = '';
    try {
      await this.#withCoordinator((broker) => broker.leaveGroup({ groupId: this.#groupId, memberId }));
    } catch (error) {
      this.#settings.logger.debug(
        { groupId: this.#groupId, error: errorMessage(error) },
        'Leaving the group failed',
      );
    }
  }

  async #joinOnce(): Promise<Generation> {
    clearInterval(this.#heartbeats);
    // Joining would say that some topic is unknown; this names it.
    await this.#connection.use([], (cluster) => topicMetadata(cluster, this.#topics));
    const joined = await this.#withCoordinator((broker) =>
      broker.joinGroup({
        groupId: this.#groupId,
        sessionTimeout: this.#settings.sessionTimeoutMs,
        rebalanceTimeout: this.#settings.rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupProtocols: [subscription(this.#topics)],
      }),
    );
    const { memberId, generationId, leaderId, members } = joined;
    this.#memberId = memberId;
    const groupAssignment =
      leaderId === memberId
        ? assign(members, await describePartitionCounts(this.#connection, wantedTopics(members)))
        : [];
    const { memberAssignment } = await this.#withCoordinator((broker) =>
      broker.syncGroup({ groupId: this.#groupId, generationId, memberId, groupAssignment }),
    );
    const ended = this.#startHeartbeats(generationId, memberId);
    return { generationId, memberId, assigned: readAssignment(memberAssignment), ended };
  }

  /** On a timer of their own, so that a long `handle` does not cost the membership. */
  #startHeartbeats(generationId: number, memberId: string): AbortSignal {
    const ended = new AbortController();
    const { sessionTimeoutMs, logger } = this.#settings;
    let lastAnswerMs = performance.now();
    let beating = false;
    const beat = async (): Promise<void> => {
      if (beating) return;
      beating = true;
      try {
        const groupId = this.#groupId;
        await this.#withCoordinator((broker) =>
          broker.heartbeat({ groupId, groupGenerationId: generationId, memberId }),
        );
        lastAnswerMs = performance.now();
      } catch (error) {
        const { type } = faultOf(error);
        if (type === REBALANCING) lastAnswerMs = performance.now();
        const lost = performance.now() - lastAnswerMs > sessionTimeoutMs;
        if (type === REBALANCING || REPLACED.includes(type) || lost) {
          if (!ended.signal.aborted) {
            logger.info(
              { groupId: this.#groupId, reason: type === '' ? 'no answer' : type },
              'The group changes',
            );
          }
          ended.abort();
        }
      } finally {
        beating = false;
      }
    };
    this.#heartbeats = setInterval(() => void beat(), Math.min(1_000, sessionTimeoutMs / 5));
    return ended.signal;
  }

  /** Repeats what fails for the moment, for as long as the membership could have survived it. */
  async #repeat<T>(what: string, work: (broker: GroupBroker) => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS)) {
      try {
        return await this.#withCoordinator(work);
      } catch (error) {
        const { type } = faultOf(error);
        if (type === REBALANCING || REPLACED.includes(type)) throw error;
        const late = performance.now() - startedMs > this.#settings.unreachableTimeoutMs;
        if (late || !isTransient(error)) throw toTickwellError(error, `${what} for group ${this.#groupId}`);
        await pause(backoffMs);
      }
    }
  }

  #withCoordinator<T>(work: (broker: GroupBroker) => Promise<T>): Promise<T> {
    return this.#connection.use(this.#topics, async (cluster) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId: this.#groupId });
      return work(groupBroker(coordinator));
    });
  }

  #joinRefused(error: unknown): TickwellError {
    const { type } = faultOf(error);
    if (type === 'INCONSISTENT_GROUP_PROTOCOL') {
      return new TickwellError(
        'group-protocol',
        `Group ${this.#groupId} has members of another program or version; give this one another group, or stop them first`,
        { cause: error },
      );
    }
    if (type === 'INVALID_SESSION_TIMEOUT') {
      return new TickwellError(
        'session-timeout',
        `Kafka refuses a session timeout of ${this.#settings.sessionTimeoutMs} ms; it must lie between the broker's ` +
          'group.min.session.timeout.ms and group.max.session.timeout.ms',
        { cause: error },
      );
    }
    return toTickwellError(error, `Joining group ${this.#groupId}`);
  }
}

function readCommitted(responses: readonly TopicOffsets[]): Map<string, CommittedPosition> {
  const found = new Map<string, CommittedPosition>();
  for (const { topic, partitions } of responses) {
    for (const entry of partitions) {
      const offset = BigInt(entry.offset);
      // kafkajs answers the metadata, its type does not say so.
      const metadata = 'metadata' in entry && typeof entry.metadata === 'string' ? entry.metadata : '';
      if (offset >= 0n) found.set(`${topic}/${entry.partition}`, { offset, metadata });
    }
  }
  return found;
}
