import { TickwellError } from '@tickwell/domain';
import type {
  ConsumerOptions,
  EventLog,
  EventSink,
  GroupConsumer,
  LogRecord,
  LogTail,
  TailOptions,
  TopicDescription,
  TopicPartition,
} from '@tickwell/ports';
import { MemoryConsumer } from './memory-consumer.ts';
import { MemoryGroup } from './memory-group.ts';
import { MemoryReader } from './memory-reader.ts';
import { MemorySink, SendFaults } from './memory-sink.ts';
import { MemoryTopics } from './memory-topics.ts';

export interface MemoryLogOptions {
  /** Topics to begin with, for example `ALL_TOPICS`. */
  readonly topics?: readonly { readonly name: string; readonly partitions: number }[];
  /** Time of the records, ms since the epoch. Default: the wall clock. */
  readonly nowMs?: () => number;
  /** Most records of one call of a handler. Default 500; 1 shows what depends on how records are batched. */
  readonly maxRecords?: number;
}

/**
 * The event log in memory, for unit tests: the same promises as Kafka (one contract suite runs on both), nothing waits for a time. Every
 * {@link openProcess} is a process with sinks and members of its own on the same topics and groups.
 */
export class MemoryLog implements EventLog {
  /** Failures of the sends to come. */
  readonly faults = new SendFaults();
  readonly #topics: MemoryTopics;
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #maxRecords: number;
  readonly #own: EventLog;

  constructor({ topics = [], nowMs = Date.now, maxRecords = 500 }: MemoryLogOptions = {}) {
    this.#topics = new MemoryTopics(nowMs);
    this.#maxRecords = maxRecords;
    for (const { name, partitions } of topics) this.createTopic(name, partitions);
    this.#own = this.openProcess();
  }

  createTopic(name: string, partitions: number): void {
    this.#topics.create(name, partitions);
  }

  /** With {@link createTopic} after it: the topic made anew, with another epoch. */
  deleteTopic(name: string): void {
    this.#topics.delete(name);
  }

  /** Everything in a topic, partition by partition, in offset order. */
  records(topic: string): readonly LogRecord[] {
    return this.#topics.partitionsOf(topic).flatMap(({ records }) => records);
  }

  /** What retention does: forgets what lies before an offset. */
  truncate(place: TopicPartition, beginOffset: bigint): void {
    this.#topics.partition(place).truncate(beginOffset);
  }

  /** What compaction does, at once. */
  compact(topic: string): void {
    for (const partition of this.#topics.partitionsOf(topic)) partition.compact();
  }

  openProcess(): EventLog {
    return new MemoryProcess(this.#topics, this.faults, this.#maxRecords, (groupId) => this.#group(groupId));
  }

  createSink(options: { readonly name: string }): Promise<EventSink> {
    return this.#own.createSink(options);
  }

  createConsumer(options: ConsumerOptions): GroupConsumer {
    return this.#own.createConsumer(options);
  }

  createTail(options: TailOptions): LogTail {
    return this.#own.createTail(options);
  }

  readRange(range: Parameters<EventLog['readRange']>[0]): AsyncIterable<readonly LogRecord[]> {
    return this.#own.readRange(range);
  }

  describeTopic(topic: string): Promise<TopicDescription> {
    return this.#own.describeTopic(topic);
  }

  endOffsets(topic: string): Promise<ReadonlyMap<number, bigint>> {
    return this.#own.endOffsets(topic);
  }

  close(): Promise<void> {
    return this.#own.close();
  }

  #group(groupId: string): MemoryGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new MemoryGroup(this.#topics);
      this.#groups.set(groupId, group);
    }
    return group;
  }
}

class MemoryProcess implements EventLog {
  readonly #topics: MemoryTopics;
  readonly #faults: SendFaults;
  readonly #maxRecords: number;
  readonly #group: (groupId: string) => MemoryGroup;
  readonly #open = new Set<{ stop(): Promise<void> }>();
  readonly #sinks = new Set<EventSink>();

  constructor(
    topics: MemoryTopics,
    faults: SendFaults,
    maxRecords: number,
    group: (groupId: string) => MemoryGroup,
  ) {
    this.#topics = topics;
    this.#faults = faults;
    this.#maxRecords = maxRecords;
    this.#group = group;
  }

  createSink({ name }: { readonly name: string }): Promise<EventSink> {
    const sink = new MemorySink(name, this.#topics, this.#faults);
    this.#sinks.add(sink);
    return Promise.resolve(sink);
  }

  createConsumer(options: ConsumerOptions): GroupConsumer {
    const consumer = new MemoryConsumer({
      topics: this.#topics,
      group: this.#group(options.groupId),
      subscribed: options.topics,
      maxRecords: this.#maxRecords,
    });
    this.#open.add(consumer);
    return consumer;
  }

  createTail(options: TailOptions): LogTail {
    const tail = new MemoryTail(this.#topics, options, this.#maxRecords);
    this.#open.add(tail);
    return tail;
  }

  async *readRange(range: Parameters<EventLog['readRange']>[0]): AsyncGenerator<readonly LogRecord[]> {
    const partition = this.#topics.partition(range);
    const { toOffset, signal } = range;
    let position = range.fromOffset;
    while (position < toOffset && signal?.aborted !== true) {
      const records = partition.read(position, this.#maxRecords).filter(({ offset }) => offset < toOffset);
      const last = records.at(-1);
      if (last !== undefined) {
        position = last.offset + 1n;
        yield records;
      } else if (partition.endOffset >= toOffset) {
        return;
      } else {
        await partition.changed(signal);
      }
    }
  }

  async describeTopic(topic: string): Promise<TopicDescription> {
    await Promise.resolve();
    return this.#topics.describe(topic);
  }

  async endOffsets(topic: string): Promise<ReadonlyMap<number, bigint>> {
    const { partitions } = await this.describeTopic(topic);
    return new Map(partitions.map(({ partition, endOffset }) => [partition, endOffset]));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((reader) => reader.stop()));
    await Promise.all([...this.#sinks].map((sink) => sink.close()));
  }
}

class MemoryTail implements LogTail {
  readonly done: Promise<void>;
  readonly #topics: MemoryTopics;
  readonly #options: TailOptions;
  readonly #maxRecords: number;
  readonly #settle: PromiseWithResolvers<undefined> = Promise.withResolvers();
  #readers: readonly MemoryReader[] | undefined;
  #positions: readonly (TopicPartition & { readonly nextOffset: bigint })[] = [];

  constructor(topics: MemoryTopics, options: TailOptions, maxRecords: number) {
    this.#topics = topics;
    this.#options = options;
    this.#maxRecords = maxRecords;
    this.done = this.#settle.promise;
    this.done.catch(() => undefined);
  }

  async start(): Promise<void> {
    await Promise.resolve();
    if (this.#readers !== undefined)
      throw new TickwellError('tail-used', 'A tail starts once; create another');
    const { topics, from, onRecords } = this.#options;
    this.#positions = topics.flatMap((topic) =>
      this.#topics.partitionsOf(topic).map(({ beginOffset, endOffset }, partition) => ({
        topic,
        partition,
        nextOffset: from === 'earliest' ? beginOffset : endOffset,
      })),
    );
    this.#readers = this.#positions.map(({ topic, partition, nextOffset }) => {
      const options = {
        topic,
        partition,
        fromOffset: nextOffset,
        maxRecords: this.#maxRecords,
        handle: onRecords,
      };
      return new MemoryReader(this.#topics, options);
    });
    for (const reader of this.#readers) {
      reader.run().catch((error: unknown) => {
        this.#settle.reject(error);
        return this.stop();
      });
    }
  }

  startPositions(): readonly (TopicPartition & { readonly nextOffset: bigint })[] {
    return this.#positions;
  }

  async stop(): Promise<void> {
    await Promise.all((this.#readers ?? []).map((reader) => reader.stop()));
    this.#settle.resolve(undefined);
  }
}
