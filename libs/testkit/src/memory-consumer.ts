import { TickwellError } from '@tickwell/domain';
import type {
  AssignedPartition,
  CommittedPosition,
  GroupConsumer,
  PartitionLag,
  PartitionSession,
  TopicPartition,
} from '@tickwell/ports';
import type { MemoryGeneration, MemoryGroup, MemoryMember } from './memory-group.ts';
import { MemoryReader } from './memory-reader.ts';
import type { MemoryTopics } from './memory-topics.ts';

type Open = (partition: AssignedPartition) => Promise<PartitionSession>;

/** As the Kafka adapter's limit. */
const MAX_METADATA_BYTES = 4_000;

export interface MemoryConsumerOptions {
  readonly topics: MemoryTopics;
  readonly group: MemoryGroup;
  readonly subscribed: readonly string[];
  readonly maxRecords: number;
}

export class MemoryConsumer implements GroupConsumer {
  readonly #options: MemoryConsumerOptions;
  readonly #stopping = new AbortController();
  #state: 'new' | 'running' | 'stopped' = 'new';
  #readers: readonly MemoryReader[] = [];
  #finished: Promise<void> = Promise.resolve();

  constructor(options: MemoryConsumerOptions) {
    this.#options = options;
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
    return this.#readers.map((reader) => reader.lag());
  }

  async #runUntilStopped(open: Open): Promise<void> {
    const { signal } = this.#stopping;
    const member = this.#options.group.enter(this.#options.subscribed);
    try {
      while (!signal.aborted) {
        const generation = await Promise.race([member.next(), aborted(signal)]);
        if (generation !== null) await this.#work(member, generation, open);
      }
    } finally {
      this.#state = 'stopped';
      member.leave();
    }
  }

  async #work(member: MemoryMember, generation: MemoryGeneration, open: Open): Promise<void> {
    const over = AbortSignal.any([generation.ended, this.#stopping.signal]);
    const release = new AbortController();
    const sessions: (TopicPartition & { readonly session: PartitionSession })[] = [];
    try {
      const opening = generation.assigned.map(async (place) => {
        const partition = this.#describe(member, generation, place, AbortSignal.any([over, release.signal]));
        sessions.push({ ...place, session: await open(partition) });
      });
      throwFirst(await Promise.allSettled(opening));
      const readers = sessions.map(({ topic, partition, session }) => {
        const handle = session.handle.bind(session);
        const { topics, maxRecords } = this.#options;
        return new MemoryReader(topics, {
          topic,
          partition,
          fromOffset: session.startOffset,
          maxRecords,
          handle,
        });
      });
      this.#readers = readers;
      try {
        // A reader ends by itself only when its handler throws.
        await Promise.race([
          aborted(over),
          ...readers.map((reader) => reader.run().then(() => aborted(over))),
        ]);
      } finally {
        release.abort();
        await Promise.all(readers.map((reader) => reader.stop()));
        this.#readers = [];
      }
    } finally {
      release.abort();
      throwFirst(await Promise.allSettled(sessions.map(({ session }) => session.close())));
    }
  }

  #describe(
    member: MemoryMember,
    generation: MemoryGeneration,
    place: TopicPartition,
    signal: AbortSignal,
  ): AssignedPartition {
    const { topics, group } = this.#options;
    const { beginOffset, endOffset } = topics.partition(place);
    return {
      ...place,
      epoch: topics.describe(place.topic).epoch,
      committed: group.committed(place),
      beginOffset,
      endOffset,
      signal,
      commit: async (position: CommittedPosition) => {
        const bytes = Buffer.byteLength(position.metadata);
        if (bytes > MAX_METADATA_BYTES) {
          throw new TickwellError(
            'commit-metadata-too-long',
            `${bytes} bytes of metadata for ${place.topic}/${place.partition}; a commit holds ${MAX_METADATA_BYTES}`,
          );
        }
        await Promise.resolve();
        return member.commit(generation, place, position);
      },
    };
  }
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function aborted(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return null;
  const { promise, resolve } = Promise.withResolvers<null>();
  signal.addEventListener(
    'abort',
    () => {
      resolve(null);
    },
    { once: true },
  );
  return promise;
}
