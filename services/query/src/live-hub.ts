import { TickwellError, type CauseMarks, type Result } from '@tickwell/domain';
import type { EventLog, LogRecord, LogTail, Logger, TopicPartition } from '@tickwell/ports';
import type { CommitTracker } from './commit-tracker.ts';
import { seedMarks } from './dedup.ts';
import { matchRecord, type EventFilter } from './event-filter.ts';
import type { ComputedView } from './indicators/computed-view.ts';
import type { LiveValues, RecordValues } from './indicators/live-values.ts';
import { LIVE_TOPICS, MarketRecord } from './market-record.ts';
import type { Position } from './response.ts';
import type { StreamTally } from './stream-tally.ts';
import type { SubscriberQueue } from './subscriber-queue.ts';

export interface LiveTarget {
  readonly filter: EventFilter;
  readonly queue: SubscriberQueue;
  /** Per partition ({@link partitionKey}): offsets below are not for this target. */
  readonly floors: ReadonlyMap<string, bigint>;
  /** Where indicators are computed for it: what it gets of a record is up to this. */
  readonly view?: ComputedView | undefined;
  readonly tally: StreamTally;
  /** Of a stream that ends: offsets at or above are not for it any more. */
  ceilings?: ReadonlyMap<string, bigint>;
}

interface PartitionState {
  readonly epoch: string;
  readonly beginOffset: bigint;
  nextOffset: bigint;
  marks: CauseMarks;
}

/** Wants to know of every record that the hub reads, repetitions and what cannot be read included. */
export interface HubWatcher {
  /** Where a partition begins, before its first record. */
  begin(
    place: TopicPartition & {
      readonly epoch: string;
      readonly beginOffset: bigint;
      readonly nextOffset: bigint;
    },
  ): void;
  see(record: LogRecord, parsed: Result<MarketRecord, string>): void;
}

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/**
 * The process's one tail of the live topics. Every record is decoded once, recognised as a repetition once, and handed to the
 * queues of those who want it; feeding a queue never waits.
 */
export class LiveHub {
  readonly #log: EventLog;
  readonly #commits: CommitTracker;
  readonly #logger: Logger;
  readonly #observe: (record: MarketRecord) => void;
  readonly #values: LiveValues;
  readonly #watcher: HubWatcher | undefined;
  readonly #tail: LogTail;
  readonly #partitions = new Map<string, PartitionState & TopicPartition>();
  readonly #seeded = Promise.withResolvers<undefined>();
  readonly #stopping = new AbortController();
  readonly #forAll = new Set<LiveTarget>();
  readonly #bySymbol = new Map<string, Set<LiveTarget>>();
  #ready = false;

  constructor(parts: {
    readonly log: EventLog;
    readonly commits: CommitTracker;
    readonly logger: Logger;
    readonly observe: (record: MarketRecord) => void;
    /** The indicators that subscribers have computed. */
    readonly values: LiveValues;
    readonly watcher?: HubWatcher | undefined;
  }) {
    this.#log = parts.log;
    this.#commits = parts.commits;
    this.#logger = parts.logger;
    this.#observe = parts.observe;
    this.#values = parts.values;
    this.#watcher = parts.watcher;
    this.#tail = parts.log.createTail({
      topics: LIVE_TOPICS,
      from: 'latest',
      onRecords: async (records) => {
        if (!this.#ready) await this.#seeded.promise;
        this.#dispatch(records);
      },
    });
  }

  /** Resolves once the tail is positioned and knows what came before it. */
  async start(): Promise<void> {
    await this.#tail.start();
    const starts = new Map(this.#tail.startPositions().map((one) => [partitionKey(one), one.nextOffset]));
    for (const topic of LIVE_TOPICS) {
      const { epoch, partitions } = await this.#log.describeTopic(topic);
      for (const { partition, beginOffset, endOffset } of partitions) {
        const offset = starts.get(partitionKey({ topic, partition })) ?? endOffset;
        const place = { topic, partition, epoch, beginOffset, offset };
        const marks = await seedMarks(this.#log, this.#commits, place, this.#stopping.signal);
        const state = { topic, partition, epoch, beginOffset, nextOffset: offset, marks };
        this.#partitions.set(partitionKey(state), state);
        this.#watcher?.begin(state);
      }
    }
    this.#ready = true;
    this.#seeded.resolve(undefined);
  }

  /** As {@link LogTail.done}. */
  get done(): Promise<void> {
    return this.#tail.done;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new TickwellError('stopping', 'the service is stopping'));
    await this.#tail.stop();
  }

  /** Where every partition stands: everything below has been handed to the queues. */
  positions(topics: ReadonlySet<string>): Position[] {
    return [...this.#partitions.values()]
      .filter(({ topic }) => topics.has(topic))
      .map(({ topic, partition, epoch, nextOffset }) => ({ topic, partition, epoch, nextOffset }));
  }

  /** Where one partition stands, and where the log began when the hub started. */
  partition(place: TopicPartition): Readonly<Position & { beginOffset: bigint }> | undefined {
    return this.#partitions.get(partitionKey(place));
  }

  /**
   * From the next record on the target's queue is fed; call {@link positions} in the same turn to know which that is. The
   * returned function ends it.
   */
  join(target: LiveTarget): () => void {
    const { symbols } = target.filter;
    if (symbols === undefined) this.#forAll.add(target);
    for (const symbol of symbols ?? []) {
      const set = this.#bySymbol.get(symbol) ?? new Set();
      this.#bySymbol.set(symbol, set.add(target));
    }
    return () => {
      this.#leave(target);
    };
  }

  #leave(target: LiveTarget): void {
    if (target.view !== undefined) this.#values.leave(target.view);
    this.#forAll.delete(target);
    for (const symbol of target.filter.symbols ?? []) {
      const set = this.#bySymbol.get(symbol);
      set?.delete(target);
      if (set?.size === 0) this.#bySymbol.delete(symbol);
    }
  }

  #dispatch(records: readonly LogRecord[]): void {
    for (const record of records) {
      const state = this.#partitions.get(partitionKey(record));
      if (state === undefined) {
        // Partition counts are fixed (design.md §3): a new partition would break the hash of keys.
        throw new TickwellError(
          'topic-changed',
          `${partitionKey(record)} is new: partitions were added to a live topic`,
        );
      }
      state.nextOffset = record.offset + 1n;
      const parsed = MarketRecord.parse(record, state.epoch);
      this.#watcher?.see(record, parsed);
      if (!parsed.ok) this.#logger.warn(placeOf(record), `not served: ${parsed.error}`);
      else if (state.marks.advance(parsed.value.header.cause)) this.#deliver(parsed.value);
    }
  }

  #deliver(record: MarketRecord): void {
    this.#observe(record);
    const values = this.#values.take(record);
    for (const target of this.#forAll) this.#offer(target, record, values);
    for (const target of this.#bySymbol.get(record.header.symbol) ?? []) this.#offer(target, record, values);
  }

  #offer(target: LiveTarget, record: MarketRecord, values: RecordValues): void {
    const { view, filter, floors, ceilings } = target;
    const { offset } = record.record;
    const place = partitionKey(record.record);
    if (offset < (floors.get(place) ?? 0n)) return;
    const ceiling = ceilings?.get(place);
    if (ceiling !== undefined && offset >= ceiling) return;
    const match = view === undefined ? matchRecord(filter, record) : view.offer(record, values);
    if (match === undefined) return;
    target.tally.add(match);
    if (!target.queue.push(match.bytes, match.events, record)) this.#leave(target);
  }
}

function placeOf(record: LogRecord): Readonly<Record<string, unknown>> {
  return { topic: record.topic, partition: record.partition, offset: record.offset.toString() };
}
