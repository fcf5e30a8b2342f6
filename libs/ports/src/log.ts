/**
 * The log that connects the services (Kafka). Offsets are bigint; a topic's `epoch` is the broker's id of the topic, which changes
 * when a topic is deleted and made anew, so that old offsets are never taken for new ones.
 */

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface LogRecord extends TopicPartition {
  readonly offset: bigint;
  readonly key: string | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Broker or producer time of the record, ms since the epoch. */
  readonly timestampMs: number;
}

export interface NewRecord {
  readonly topic: string;
  /** Explicit partition (processors: that of the input); left out, the Java-compatible hash of the key decides. */
  readonly partition?: number;
  readonly key: string;
  /** null deletes the key in a compacted topic. */
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where records go. One sink is one ordered writer. */
export interface EventSink {
  /**
   * Resolves once every record is durable. Calls may overlap: they are written in call order with one request outstanding, and what
   * waits is sent together. A failed request is repeated, unchanged and before anything newer, until it succeeds or the sink's
   * deadline passes; then this call and all later ones reject with a terminal TickwellError (`sink-broken`) and nothing newer was
   * written. Records may be in the log more than once (readers drop them by cause), never out of order and never missing.
   */
  send(records: readonly NewRecord[]): Promise<void>;
  /** Waits for what was handed over, then disconnects. */
  close(): Promise<void>;
}

export interface CommittedPosition {
  /** The next offset to read. */
  readonly offset: bigint;
  /** Whatever was committed beside it; at most 4,000 bytes. */
  readonly metadata: string;
}

export interface AssignedPartition extends TopicPartition {
  readonly epoch: string;
  readonly committed: CommittedPosition | null;
  /** First offset still kept, and the offset after the last record, when the partition was assigned. */
  readonly beginOffset: bigint;
  readonly endOffset: bigint;
  /** Fires when the partition is taken away or the consumer stops. */
  readonly signal: AbortSignal;
  /** False when the partition belongs to another member by now; the position was then not committed. */
  commit(position: CommittedPosition): Promise<boolean>;
}

/** One member's work on one partition while it owns it. */
export interface PartitionSession {
  /** Offset of the first record wanted. */
  readonly startOffset: bigint;
  /** Called with records in offset order, never again before it resolved. A rejection stops the consumer with that error. */
  handle(records: readonly LogRecord[]): Promise<void>;
  /** The partition leaves (another member may own it already) or the consumer stops: finish, release. */
  close(): Promise<void>;
}

export interface PartitionLag extends TopicPartition {
  readonly lag: bigint;
}

/** A member of a consumer group: several share the partitions, and a dead one's are handed over. */
export interface GroupConsumer {
  /**
   * Joins and works until {@link stop} (resolves) or a failure (rejects). `open` is called once per ownership of a partition, before
   * its first record; sessions of partitions that leave are closed before this member takes part in the next generation.
   */
  run(open: (partition: AssignedPartition) => Promise<PartitionSession>): Promise<void>;
  /** Stops fetching, lets running `handle` calls end, closes the sessions, leaves the group. Idempotent. */
  stop(): Promise<void>;
  /** Records not yet handed to a session, per assigned partition, as of the last fetch. */
  lag(): readonly PartitionLag[];
}

export interface ConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Left out: records come as soon as they can be read. */
  readonly gather?: Gather;
}

/**
 * A reader in no hurry: the log may keep records back until so many bytes wait, or for so long, and hand them over together. Many small
 * batches cost the log, the reader and whatever the reader writes to far more than few large ones.
 */
export interface Gather {
  readonly minBytes: number;
  readonly maxWaitMs: number;
}

export interface TailOptions {
  readonly topics: readonly string[];
  readonly from: 'earliest' | 'latest';
  /** Called in offset order per partition; the tail waits for it. */
  readonly onRecords: (records: readonly LogRecord[]) => Promise<void> | void;
}

/** A reader of whole topics that shares with nobody and commits nothing. */
export interface LogTail {
  /** Resolves once every partition is positioned: records written after this call returned are delivered. */
  start(): Promise<void>;
  /** The next offset of every partition at the time `start` resolved. */
  startPositions(): readonly (TopicPartition & { readonly nextOffset: bigint })[];
  /** Rejects when the tail fails for good. Resolves after stop. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** Everything a process needs of the log. */
export interface EventLog {
  createSink(options: { readonly name: string }): Promise<EventSink>;
  createConsumer(options: ConsumerOptions): GroupConsumer;
  createTail(options: TailOptions): LogTail;
  /**
   * Reads a partition from `fromOffset` (or the first record kept, if later) up to, not including, `toOffset`, in batches. Ends
   * early only by `signal`. Compacted and aborted offsets are skipped.
   */
  readRange(
    range: TopicPartition & {
      readonly fromOffset: bigint;
      readonly toOffset: bigint;
      readonly signal?: AbortSignal;
    },
  ): AsyncIterable<readonly LogRecord[]>;
  /** Epoch, first and next offset of every partition of a topic. */
  describeTopic(topic: string): Promise<TopicDescription>;
  /**
   * The next offset of every partition of a topic, by a question that is asked after this call, at the least cost that the log knows: whether it is still the
   * same topic is not looked at.
   */
  endOffsets(topic: string): Promise<ReadonlyMap<number, bigint>>;
  close(): Promise<void>;
}

export interface TopicDescription {
  readonly topic: string;
  readonly epoch: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly beginOffset: bigint;
    readonly endOffset: bigint;
  }[];
}
