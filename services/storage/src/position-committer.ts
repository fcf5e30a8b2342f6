import {
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  TOPICS,
  causeToProto,
  contentType,
  encodeMessage,
  events,
} from '@tickwell/contracts';
import type { Cause } from '@tickwell/domain';
import type { AssignedPartition, Clock, EventSink } from '@tickwell/ports';
import { encodeMarks } from './partition-marks.ts';

/** Everything below `offset` is visible in the store; `marks` are those of everything below it. */
export interface Position {
  readonly offset: bigint;
  readonly marks: readonly Cause[];
  /** Rows stored since the position before. */
  readonly rows: number;
}

export interface CommitterParts {
  readonly partition: AssignedPartition;
  readonly sink: EventSink;
  readonly clock: Clock;
  /** At most one commit per partition in this time: readers of store.commits keep all of them. */
  readonly intervalMs: number;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Commits how far a partition is stored and publishes it, beside the flow of rows: one commit at a time, and what became visible
 * meanwhile goes with the next. The offset is committed before the commit is published, so that what readers are told never goes back.
 */
export class PositionCommitter {
  readonly #parts: CommitterParts;
  #next: Position | undefined;
  #working: Promise<void> | undefined;
  #closing = false;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  submit(position: Position): void {
    this.#next = { ...position, rows: position.rows + (this.#next?.rows ?? 0) };
    this.#working ??= this.#work()
      .catch(this.#parts.onFailure)
      .finally(() => {
        this.#working = undefined;
      });
  }

  /** Tells readers again where a partition stands: the last owner may have died between the commit and the word. */
  async publish(position: Position): Promise<void> {
    const { partition, sink, clock } = this.#parts;
    const key = `${partition.topic}/${partition.partition}`;
    const value = encodeMessage(events.StoreCommitSchema, {
      topic: partition.topic,
      epoch: partition.epoch,
      partition: partition.partition,
      nextOffset: position.offset,
      marks: position.marks.map(causeToProto),
      rows: BigInt(position.rows),
      committedAtNs: clock.nowNs(),
    });
    const headers = {
      [HEADER_CONTENT_TYPE]: contentType(TOPICS.storeCommits.type),
      [HEADER_SOURCE]: 'storage',
    };
    await sink.send([{ topic: TOPICS.storeCommits.name, key, value, headers }]);
  }

  /** Resolves once everything submitted is committed and published, or failed. */
  async drain(): Promise<void> {
    this.#closing = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { partition, clock, intervalMs } = this.#parts;
    while (this.#next !== undefined) {
      const position = this.#next;
      this.#next = undefined;
      const metadata = encodeMarks(partition.epoch, position.marks);
      const committed = await partition.commit({ offset: position.offset, metadata });
      // Another member owns the partition and commits its own; what it stored is no less than this.
      if (!committed) return;
      await this.publish(position);
      if (!this.#closing) await clock.sleep(intervalMs);
    }
  }
}
