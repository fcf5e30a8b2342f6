import { TickwellError } from '@tickwell/domain';
import type {
  AssignedPartition,
  Clock,
  EventLog,
  EventSink,
  Gather,
  GroupConsumer,
  Logger,
  PartitionSession,
  TableWriter,
} from '@tickwell/ports';
import { STORED_TOPICS } from './mapping/index.ts';
import { createStorageMetrics, type StorageMetrics } from './metrics.ts';
import { PartitionIntake } from './partition-intake.ts';
import { PositionCommitter } from './position-committer.ts';
import { TopicStore, type TopicStoreOptions } from './topic-store.ts';

export interface StorageOptions {
  readonly groupId: string;
  readonly store: TopicStoreOptions;
  readonly commitIntervalMs: number;
  readonly closeDeadlineMs: number;
}

export interface StorageParts {
  readonly log: EventLog;
  readonly writer: TableWriter;
  /** Creates and checks the tables; repeated while the store is unavailable. */
  readonly prepareStore: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: StorageOptions;
}

/** Rows are seldom asked for within moments of their arrival, and few large writes cost the store far less than many small ones. */
const GATHER: Gather = { minBytes: 512 * 1024, maxWaitMs: 50 };

/**
 * Stores every validated topic: consumes as a member of a group, writes rows, and commits offsets only once the rows are visible.
 * Owns the log and the writer it is given, and closes them.
 */
export class StorageService {
  readonly #parts: StorageParts;
  readonly #consumer: GroupConsumer;
  readonly #metrics: StorageMetrics;
  readonly #stores: ReadonlyMap<string, TopicStore>;
  readonly #aborted = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  #sink: EventSink | undefined;
  #stopping: Promise<void> | undefined;
  #notPrepared: string | undefined = 'the tables are not checked yet';

  constructor(parts: StorageParts) {
    this.#parts = parts;
    this.#consumer = parts.log.createConsumer({
      groupId: parts.options.groupId,
      topics: STORED_TOPICS,
      gather: GATHER,
    });
    this.#metrics = createStorageMetrics(() => this.#consumer.lag());
    this.#stores = new Map(STORED_TOPICS.map((topic) => [topic, this.#createStore(topic)]));
    // Awaited in run; a failure before or after it must not count as unhandled.
    this.#failed.promise.catch(() => undefined);
  }

  /** Works until {@link stop}; rejects when only a restart, or a person, can help. */
  async run(): Promise<void> {
    try {
      await this.#prepareStore();
      if (this.#stopping !== undefined) return;
      const sink = await this.#parts.log.createSink({ name: 'storage' });
      this.#sink = sink;
      const consuming = this.#consumer.run((partition) => this.#open(partition, sink));
      consuming.catch(() => undefined);
      await Promise.race([consuming, this.#failed.promise]);
    } finally {
      await this.stop();
    }
  }

  /** Stops intake, stores and commits what was taken in, closes. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Why rows wait; undefined when they do not. */
  notReady(): string | undefined {
    if (this.#notPrepared !== undefined) return this.#notPrepared;
    for (const [topic, { problem }] of this.#stores) {
      if (problem !== undefined) return `rows of ${topic} wait: ${problem}`;
    }
    return undefined;
  }

  /** QuestDB may start after us. */
  async #prepareStore(): Promise<void> {
    const { prepareStore, clock, logger, options } = this.#parts;
    const { minRetryMs, maxRetryMs } = options.store;
    for (let waitMs = minRetryMs; this.#stopping === undefined; waitMs = Math.min(waitMs * 2, maxRetryMs)) {
      try {
        await prepareStore();
        this.#notPrepared = undefined;
        return;
      } catch (error) {
        if (!(error instanceof TickwellError) || !error.retryable) throw error;
        if (this.#notPrepared !== error.message)
          logger.warn({ reason: error.message }, `waiting for the store: ${error.message}`);
        this.#notPrepared = error.message;
        await clock.sleep(waitMs, this.#aborted.signal).catch(() => undefined);
      }
    }
  }

  async #stop(): Promise<void> {
    if (this.#notPrepared !== undefined) this.#aborted.abort(new Error('storage stops'));
    await this.#consumer.stop();
    this.#aborted.abort(new Error('storage stops'));
    await this.#sink?.close();
    await this.#parts.writer.close();
    await this.#parts.log.close();
  }

  #open(partition: AssignedPartition, sink: EventSink): Promise<PartitionSession> {
    const { clock, logger, options } = this.#parts;
    const store = this.#stores.get(partition.topic);
    if (store === undefined) throw new Error(`topic ${partition.topic} was assigned but not asked for`);
    const onFailure = (error: unknown): void => {
      this.#failed.reject(error);
    };
    const committer = new PositionCommitter({
      partition,
      sink,
      clock,
      intervalMs: options.commitIntervalMs,
      onFailure,
    });
    const { closeDeadlineMs } = options;
    return PartitionIntake.open({
      partition,
      store,
      committer,
      sink,
      clock,
      logger,
      metrics: this.#metrics,
      closeDeadlineMs,
    });
  }

  #createStore(topic: string): TopicStore {
    const { writer, clock, logger, options } = this.#parts;
    return new TopicStore({
      topic,
      writer,
      clock,
      logger,
      metrics: this.#metrics,
      options: options.store,
      signal: this.#aborted.signal,
      onFailure: (error) => {
        // While stopping, waits are cut short on purpose.
        if (!this.#aborted.signal.aborted) this.#failed.reject(error);
      },
    });
  }
}
