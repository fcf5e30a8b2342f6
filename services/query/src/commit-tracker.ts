import { TOPICS, causeFromProto, events, parseMessage } from '@tickwell/contracts';
import { errorMessage, type Cause } from '@tickwell/domain';
import type { EventLog, LogRecord, LogTail, Logger, TopicPartition } from '@tickwell/ports';

/** Rows below this offset of a partition are visible in the store; the marks are those of everything below it. */
export interface Commit {
  readonly epoch: string;
  readonly nextOffset: bigint;
  readonly marks: readonly Cause[];
  readonly committedAtNs: bigint;
}

/** Commits remembered per partition: the newest, and older ones to take marks from when a client resumes a little back. */
const KEPT_PER_PARTITION = 64;

/** Follows store.commits from its beginning: how far the store is, per topic and partition. */
export class CommitTracker {
  readonly #log: EventLog;
  readonly #logger: Logger;
  readonly #tail: LogTail;
  readonly #commits = new Map<string, Commit[]>();
  readonly #positions = new Map<number, bigint>();
  readonly #targets = new Map<number, bigint>();
  readonly #caughtUp = Promise.withResolvers<undefined>();

  constructor(log: EventLog, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
    this.#tail = log.createTail({
      topics: [TOPICS.storeCommits.name],
      from: 'earliest',
      onRecords: (records) => {
        this.#take(records);
      },
    });
  }

  /** Resolves once every commit that was there when it was called is known. */
  async start(): Promise<void> {
    await this.#tail.start();
    for (const { partition, nextOffset } of this.#tail.startPositions()) {
      if (!this.#positions.has(partition)) this.#positions.set(partition, nextOffset);
    }
    const { partitions } = await this.#log.describeTopic(TOPICS.storeCommits.name);
    for (const { partition, endOffset } of partitions) this.#targets.set(partition, endOffset);
    this.#checkCaughtUp();
    await Promise.race([this.#caughtUp.promise, this.#tail.done]);
  }

  /** As {@link LogTail.done}. */
  get done(): Promise<void> {
    return this.#tail.done;
  }

  async stop(): Promise<void> {
    await this.#tail.stop();
  }

  /** The furthest commit of a partition in an epoch. */
  newest(topic: string, partition: number, epoch: string): Commit | undefined {
    return this.#ofEpoch(topic, partition, epoch).at(-1);
  }

  /** The furthest known commit at or below an offset. */
  below(topic: string, partition: number, epoch: string, offset: bigint): Commit | undefined {
    return this.#ofEpoch(topic, partition, epoch).findLast((commit) => commit.nextOffset <= offset);
  }

  /** When a record became visible in the store; 0n: before what is remembered. Undefined: it is not, as far as this epoch is known. */
  storedAt({ topic, partition }: TopicPartition, epoch: string, offset: bigint): bigint | undefined {
    const commits = this.#commits.get(`${topic}/${partition}`) ?? [];
    const at = commits.findIndex((commit) => commit.epoch === epoch && commit.nextOffset > offset);
    if (at < 0) return undefined;
    // Where older ones were forgotten the record may have been stored by one of them.
    if (at === 0 && commits.length >= KEPT_PER_PARTITION) return 0n;
    return commits[at]?.committedAtNs ?? 0n;
  }

  #ofEpoch(topic: string, partition: number, epoch: string): readonly Commit[] {
    return (this.#commits.get(`${topic}/${partition}`) ?? []).filter((commit) => commit.epoch === epoch);
  }

  #take(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#positions.set(record.partition, record.offset + 1n);
      if (record.value !== null) this.#add(record, record.value);
    }
    this.#checkCaughtUp();
  }

  #add(record: LogRecord, value: Uint8Array): void {
    const parsed = parseMessage(events.StoreCommitSchema, value);
    if (!parsed.ok) {
      const { topic, partition, offset } = record;
      const message = `${topic}/${partition} at ${offset}: ${parsed.error.reason}; the commit is ignored`;
      this.#logger.warn({ topic, partition, offset: offset.toString() }, errorMessage(message));
      return;
    }
    const { topic, partition, epoch, nextOffset, marks, committedAtNs } = parsed.value;
    const key = `${topic}/${partition}`;
    const known = this.#commits.get(key) ?? [];
    const last = known.at(-1);
    // A storage process that lost its partition may still publish: its commits are true, but behind.
    if (last?.epoch === epoch && last.nextOffset >= nextOffset) return;
    known.push({ epoch, nextOffset, marks: marks.map(causeFromProto), committedAtNs });
    if (known.length > KEPT_PER_PARTITION) known.shift();
    this.#commits.set(key, known);
  }

  #checkCaughtUp(): void {
    if (this.#targets.size === 0) return;
    for (const [partition, target] of this.#targets) {
      if ((this.#positions.get(partition) ?? 0n) < target) return;
    }
    this.#caughtUp.resolve(undefined);
  }
}
