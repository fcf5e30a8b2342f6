import { TickwellError, errorMessage } from '@tickwell/domain';
import type {
  AssignedPartition,
  CommittedPosition,
  ConsumerOptions,
  Gather,
  GroupConsumer,
  PartitionLag,
  PartitionSession,
  TopicDescription,
  TopicPartition,
} from '@tickwell/ports';
import { ClusterConnection } from './connection.ts';
import { describeTopics } from './describe.ts';
import { isTransient, unreachable } from './errors.ts';
import { FetchLoop } from './fetch-loop.ts';
import { GroupMembership } from './membership.ts';
import type { Generation } from './membership.ts';
import type { KafkaSettings } from './options.ts';
import { pause } from './pause.ts';

type Open = (partition: AssignedPartition) => Promise<PartitionSession>;

interface OpenSession extends TopicPartition {
  readonly epoch: string;
  readonly session: PartitionSession;
}

/** Kafka's `offset.metadata.max.bytes` is 4,096 unless somebody lowered it. */
const MAX_METADATA_BYTES = 4_000;
const RETRY_MS = 200;

/**
 * A member of a consumer group. Every change of the group is a full stop: handlers end, sessions close, and only then the member joins the
 * next generation, so no two members ever work on one partition except for a zombie, whose commits are refused.
 */
export class KafkaGroupConsumer implements GroupConsumer {
  readonly #settings: KafkaSettings;
  readonly #gather: Gather | undefined;
  readonly #connection: ClusterConnection;
  readonly #membership: GroupMembership;
  readonly #stopping = new AbortController();
  #state: 'new' | 'running' | 'stopped' = 'new';
  #loop: FetchLoop | undefined;
  #finished: Promise<void> = Promise.resolve();

  constructor(settings: KafkaSettings, options: ConsumerOptions) {
    this.#settings = settings;
    this.#gather = options.gather;
    this.#connection = new ClusterConnection(settings);
    this.#membership = new GroupMembership(settings, this.#connection, options.groupId, options.topics);
  }

  async run(open: Open): Promise<void> {
    if (this.#state !== 'new') {
      throw new TickwellError(
        'consumer-used',
        `A consumer runs once and this one is ${this.#state}; create another`,
      );
    }
    this.#state = 'running';
    const running = this.#runUntilStopped(open);
    this.#finished = running.catch(() => undefined);
    await running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#state === 'new') this.#state = 'stopped';
    await this.#finished;
  }

  lag(): readonly PartitionLag[] {
    return this.#loop?.lag() ?? [];
  }

  async #runUntilStopped(open: Open): Promise<void> {
    const { signal } = this.#stopping;
    try {
      while (!signal.aborted) {
        const generation = await Promise.race([this.#membership.join(signal), aborted(signal)]);
        if (generation !== null) await this.#work(generation, open);
      }
    } finally {
      this.#state = 'stopped';
      await this.#membership.leave();
      await this.#connection.close();
    }
  }

  /** One generation from its first record to the last closed session. */
  async #work(generation: Generation, open: Open): Promise<void> {
    const over = AbortSignal.any([generation.ended, this.#stopping.signal]);
    // Sessions see the end before they are closed, whatever ended the generation: a failure counts, too.
    const release = new AbortController();
    const released = AbortSignal.any([over, release.signal]);
    const sessions: OpenSession[] = [];
    try {
      await this.#openAll(generation, open, released, sessions);
      if (over.aborted) return;
      const sources = sessions.map(fetchSource);
      const loop = new FetchLoop(this.#settings, this.#connection, sources, this.#gather);
      this.#loop = loop;
      loop.start();
      try {
        await Promise.race([loop.failed, aborted(over)]);
      } finally {
        release.abort();
        await loop.stop();
        this.#loop = undefined;
      }
    } finally {
      release.abort();
      await closeAll(sessions);
    }
  }

  async #openAll(
    generation: Generation,
    open: Open,
    signal: AbortSignal,
    sessions: OpenSession[],
  ): Promise<void> {
    const found = await this.#describe(generation.assigned, signal);
    if (found === null) return;
    const opening = found.map(async (description) => {
      const partition: AssignedPartition = {
        ...description,
        signal,
        commit: (position) => this.#commit(generation, description, position),
      };
      const session = await open(partition);
      sessions.push({
        topic: description.topic,
        partition: description.partition,
        epoch: description.epoch,
        session,
      });
    });
    // All of them, so that every session that did open is closed.
    const results = await Promise.allSettled(opening);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Offsets and epochs of what was assigned. Null: the generation ended while Kafka did not answer. */
  async #describe(
    assigned: readonly TopicPartition[],
    signal: AbortSignal,
  ): Promise<Omit<AssignedPartition, 'signal' | 'commit'>[] | null> {
    if (assigned.length === 0) return [];
    const startedMs = performance.now();
    while (!signal.aborted) {
      try {
        const topics = [...new Set(assigned.map(({ topic }) => topic))];
        const descriptions = await describeTopics(this.#connection, topics);
        const committed = await this.#membership.committed(assigned);
        return assigned.map((place) => describePartition(place, descriptions, committed));
      } catch (error) {
        if (!isTransient(error)) throw error;
        if (performance.now() - startedMs > this.#settings.unreachableTimeoutMs) {
          throw unreachable(this.#settings.brokers, error);
        }
        this.#settings.logger.debug(
          { error: errorMessage(error) },
          'Describing the assigned partitions again',
        );
        await pause(RETRY_MS, signal);
      }
    }
    return null;
  }

  async #commit(
    generation: Generation,
    place: TopicPartition,
    position: CommittedPosition,
  ): Promise<boolean> {
    const bytes = Buffer.byteLength(position.metadata);
    if (bytes > MAX_METADATA_BYTES) {
      throw new TickwellError(
        'commit-metadata-too-long',
        `${bytes} bytes of metadata for ${place.topic}/${place.partition}; a commit holds ${MAX_METADATA_BYTES}`,
      );
    }
    // Left already: whoever was waiting has the partition now.
    if (this.#state === 'stopped') return false;
    return this.#membership.commit(generation, place, position);
  }
}

function fetchSource({
  topic,
  partition,
  epoch,
  session,
}: OpenSession): ConstructorParameters<typeof FetchLoop>[2][number] {
  return {
    topic,
    partition,
    epoch,
    fromOffset: session.startOffset,
    handler: (records) => session.handle(records),
  };
}

function describePartition(
  { topic, partition }: TopicPartition,
  descriptions: readonly TopicDescription[],
  committed: ReadonlyMap<string, CommittedPosition>,
): Omit<AssignedPartition, 'signal' | 'commit'> {
  const description = descriptions.find((candidate) => candidate.topic === topic);
  const offsets = description?.partitions.find((candidate) => candidate.partition === partition);
  if (description === undefined || offsets === undefined) {
    throw new TickwellError('kafka-failed', `Assigned ${topic}/${partition}, which Kafka does not describe`, {
      retryable: true,
    });
  }
  return {
    topic,
    partition,
    epoch: description.epoch,
    committed: committed.get(`${topic}/${partition}`) ?? null,
    beginOffset: offsets.beginOffset,
    endOffset: offsets.endOffset,
  };
}

/** Closes every session even where one fails, then reports the first failure. */
async function closeAll(sessions: readonly OpenSession[]): Promise<void> {
  const results = await Promise.allSettled(sessions.map(({ session }) => session.close()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function aborted(signal: AbortSignal): Promise<null> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    });
  }
  return null;
}
