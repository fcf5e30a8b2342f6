import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  AssignedPartition,
  Clock,
  EventSink,
  LogRecord,
  Logger,
  PartitionSession,
} from '@tickwell/ports';
import { malformedLetter } from './dead-letter.ts';
import { mapRecord } from './mapping/index.ts';
import type { StorageMetrics } from './metrics.ts';
import { PartitionMarks, decodeMarks } from './partition-marks.ts';
import type { Position, PositionCommitter } from './position-committer.ts';
import type { PositionSource, TopicStore } from './topic-store.ts';

export interface IntakeParts {
  readonly partition: AssignedPartition;
  readonly store: TopicStore;
  readonly committer: PositionCommitter;
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: StorageMetrics;
  /** How long a partition that leaves waits for its rows to be stored; then its next owner stores them. */
  readonly closeDeadlineMs: number;
}

/** One partition while this process owns it: drops what was stored before, hands the rest over and says how far it is. */
export class PartitionIntake implements PartitionSession, PositionSource {
  readonly startOffset: bigint;
  readonly #parts: IntakeParts;
  readonly #marks: PartitionMarks;
  #nextOffset: bigint;
  #rows = 0;

  private constructor(parts: IntakeParts, startOffset: bigint, marks: PartitionMarks) {
    this.#parts = parts;
    this.startOffset = startOffset;
    this.#nextOffset = startOffset;
    this.#marks = marks;
  }

  /** Begins where the last owner's rows end, and tells readers so. */
  static async open(parts: IntakeParts): Promise<PartitionIntake> {
    const { partition, logger, committer } = parts;
    const { topic, epoch, committed, beginOffset } = partition;
    const marks = committed === null ? undefined : decodeMarks(committed.metadata, epoch);
    const place = `${topic}/${partition.partition}`;
    if (committed === null || marks === undefined) {
      if (committed !== null) {
        logger.warn(
          { topic, partition: partition.partition },
          `${place}: the committed position is of another topic or version; reading from the start`,
        );
      }
      return new PartitionIntake(parts, beginOffset, new PartitionMarks());
    }
    if (committed.offset < beginOffset) {
      const lost = beginOffset - committed.offset;
      logger.error(
        { topic, partition: partition.partition, lost: lost.toString() },
        `${place}: ${lost} records were deleted from the log before they were stored: retention is too short`,
      );
      return new PartitionIntake(parts, beginOffset, new PartitionMarks(marks));
    }
    await committer.publish({ offset: committed.offset, marks, rows: 0 });
    return new PartitionIntake(parts, committed.offset, new PartitionMarks(marks));
  }

  async handle(records: readonly LogRecord[]): Promise<void> {
    const { store } = this.#parts;
    for (const record of records) {
      if (record.offset < this.#nextOffset) continue;
      await store.space();
      const mapped = mapRecord(record, this.#parts.partition.epoch);
      if (!mapped.ok) {
        await this.#refuse(
          record,
          malformedLetter(record, this.#parts.partition.epoch, mapped.error),
          mapped.error.reason,
        );
        continue;
      }
      const { cause, rows } = mapped.value;
      const isNew = cause === undefined || this.#marks.advance(cause);
      if (!isNew) this.#parts.metrics.duplicate(record.topic);
      const count = isNew ? rows.reduce((sum, { timestampNs }) => sum + timestampNs.length, 0) : 0;
      this.#nextOffset = record.offset + 1n;
      this.#rows += count;
      store.add(this, { record: placeOf(record), rows }, count, isNew ? (record.value?.length ?? 0) : 0);
      if (store.isDue) {
        store.kick();
        // Decoding must not keep requests and answers waiting.
        await nextTurn();
      }
    }
    store.kick();
  }

  position(): Position {
    const position = { offset: this.#nextOffset, marks: this.#marks.snapshot(), rows: this.#rows };
    this.#rows = 0;
    return position;
  }

  stored(position: Position): void {
    this.#parts.committer.submit(position);
  }

  /** Lets what was handed over be stored and committed, within the deadline. */
  async close(): Promise<void> {
    const { store, committer, clock, closeDeadlineMs } = this.#parts;
    const deadline = new AbortController();
    const drained = store.flushed(this).then(() => committer.drain());
    const late = clock.sleep(closeDeadlineMs, deadline.signal).catch(() => undefined);
    await Promise.race([drained, late]);
    deadline.abort();
  }

  /** The letter is in the log before the record is passed over. */
  async #refuse(
    record: LogRecord,
    letter: Parameters<EventSink['send']>[0][number],
    reason: string,
  ): Promise<void> {
    const { sink, logger, metrics, store } = this.#parts;
    const { topic, partition, offset } = record;
    logger.warn(
      { topic, partition, offset: offset.toString(), reason },
      `${topic}/${partition} offset ${offset} is malformed: ${reason}`,
    );
    metrics.malformed(topic);
    await sink.send([letter]);
    this.#nextOffset = offset + 1n;
    store.add(this, { record: placeOf(record), rows: [] }, 0, 0);
  }
}

/** Without the value: the rows hold what is needed of it. */
function placeOf({ topic, partition, offset }: LogRecord): Pick<LogRecord, 'topic' | 'partition' | 'offset'> {
  return { topic, partition, offset };
}
