import {
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  HEADER_TRACEPARENT,
  contentType,
  peekHeader,
} from '@tickwell/contracts';
import { TickwellError, type CauseMarks } from '@tickwell/domain';
import type {
  AssignedPartition,
  EventSink,
  LogRecord,
  Logger,
  NewRecord,
  PartitionSession,
} from '@tickwell/ports';
import { keyStateRecord, partitionMarkRecord, type CheckpointScope, type Restored } from './checkpoint.ts';
import type { FlowCounters } from './counters.ts';
import { InFlight } from './in-flight.ts';
import type { Output, Processor } from './processor.ts';
import type { Settings } from './settings.ts';

/** Longer work in one piece would keep the process from its heartbeats and answers. */
const SLICE_MS = 25;

interface KeyEntry {
  state: unknown;
  /** Records of this key below it have been applied. */
  nextOffset: bigint;
}

export interface PartitionFlowOptions<C> {
  readonly processor: Processor<unknown, C>;
  readonly assigned: AssignedPartition;
  readonly scope: CheckpointScope;
  readonly restored: Restored;
  /** By which records from the restored offset on were processed before, if any were; undefined: nothing was. */
  readonly settings: Settings<C> | undefined;
  readonly latestSettings: () => Settings<C>;
  readonly sink: EventSink;
  readonly logger: Logger;
  readonly counters: FlowCounters;
  /** Called once when outputs can no longer be written. */
  readonly onFailure: (error: unknown) => void;
  /** Called when the session starts to close: from here on it writes its checkpoint by itself. */
  readonly onClosing: () => void;
}

/**
 * One processor on one input partition while this process owns it. Records are applied in order; outputs are handed to the sink in
 * the same order without waiting (bounded), and a checkpoint is written only once the outputs before it are durable. So after a
 * crash every output since the checkpoint is written again, byte for byte and with the same cause.
 */
export class PartitionFlow<C> implements PartitionSession {
  readonly startOffset: bigint;
  readonly #options: PartitionFlowOptions<C>;
  readonly #originName: string;
  readonly #keys = new Map<string, KeyEntry>();
  readonly #dirty = new Set<string>();
  readonly #marks: CauseMarks;
  readonly #inFlight: InFlight;
  #nextOffset: bigint;
  #checkpointedOffset: bigint;
  #checkpointing: Promise<boolean> | undefined;
  #settings: Settings<C> | undefined;
  /** No checkpoint says that records from the next one on are being processed. */
  #isUnmarked: boolean;
  /** The partition is another member's: what it is processed by from here on is written elsewhere. */
  #isLost = false;

  constructor(options: PartitionFlowOptions<C>) {
    this.#options = options;
    const { assigned, restored, scope } = options;
    this.#originName = `${assigned.topic}@${assigned.epoch}/${assigned.partition}`;
    this.#marks = restored.marks;
    this.startOffset = firstOffset(assigned, restored.nextOffset, options.logger);
    this.#nextOffset = this.startOffset;
    this.#checkpointedOffset = restored.nextOffset ?? -1n;
    this.#inFlight = new InFlight(options.onFailure);
    this.#settings = options.settings;
    this.#isUnmarked = options.settings === undefined || restored.isClosed;
    for (const [key, entry] of restored.keys) {
      const decoded = options.processor.decodeState(key, entry.stateVersion, entry.payload);
      if (!decoded.ok) {
        throw new TickwellError(
          'state-unreadable',
          `state of "${key}" in ${scope.stateTopic}/${scope.partition} (${scope.processor}) cannot be restored: ${decoded.error}`,
        );
      }
      this.#keys.set(key, { state: decoded.value, nextOffset: entry.nextOffset });
    }
  }

  async handle(records: readonly LogRecord[]): Promise<void> {
    for (let at = 0; at < records.length;) {
      // Heartbeats, fetches and other partitions have their turn between two slices.
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      const settings = await this.#nextSettings();
      if (settings === undefined) return;
      const outputs: NewRecord[] = [];
      const handled = this.#applySlice(records, at, outputs, settings.value);
      this.#options.counters.received(this.#options.processor.name, handled, outputs.length);
      at += handled.length;
      if (outputs.length === 0) continue;
      await this.#inFlight.room();
      this.#inFlight.add(this.#options.sink.send(outputs), byteLength(outputs));
    }
  }

  /** Writes what changed since the last checkpoint; a no-op when nothing did or one is being written. */
  async checkpoint(): Promise<void> {
    // A partition without records takes newer settings, too: whoever comes after this process must not process by older ones what
    // came long after the change.
    if (!this.#isUnmarked && this.#hasNewerSettings()) await this.#nextSettings();
    if (this.#checkpointing === undefined && this.#nextOffset === this.#checkpointedOffset) return;
    await (this.#checkpointing ?? this.#startCheckpoint({}));
  }

  async close(): Promise<void> {
    this.#options.onClosing();
    while (this.#checkpointing !== undefined) await this.#checkpointing;
    // Where no record came, the checkpoint that was there says it.
    if (!this.#isUnmarked && !this.#isLost) await this.#startCheckpoint({ closed: !this.#mayRepeat() });
  }

  /**
   * The settings of the next record: newer ones once a checkpoint says that they hold from here on, so that whoever processes the
   * same records again does so by the same. Undefined when the partition is another member's by now.
   */
  async #nextSettings(): Promise<Settings<C> | undefined> {
    while (!this.#isLost && (this.#isUnmarked || this.#hasNewerSettings())) {
      await (this.#checkpointing ?? this.#startCheckpoint({ settings: this.#newestSettings() }));
    }
    return this.#isLost ? undefined : this.#settings;
  }

  #hasNewerSettings(): boolean {
    return !this.#mayRepeat() && this.#newestSettings() !== this.#settings;
  }

  /** The follower of the configuration may be behind the checkpoint. */
  #newestSettings(): Settings<C> {
    const latest = this.#options.latestSettings();
    return this.#settings !== undefined && this.#settings.end >= latest.end ? this.#settings : latest;
  }

  /** What was in the log when the partition came over may have been processed already, by the settings of the checkpoint. */
  #mayRepeat(): boolean {
    return this.#nextOffset < this.#options.assigned.endOffset;
  }

  /** False when the partition is another member's. */
  #startCheckpoint(mark: { readonly settings?: Settings<C>; readonly closed?: boolean }): Promise<boolean> {
    this.#checkpointing = this.#writeCheckpoint(mark).finally(() => {
      this.#checkpointing = undefined;
    });
    return this.#checkpointing;
  }

  /** Applies records from `at` on, at least one, as long as a slice lasts; returns them. */
  #applySlice(
    records: readonly LogRecord[],
    at: number,
    outputs: NewRecord[],
    settings: C,
  ): readonly LogRecord[] {
    const endMs = performance.now() + SLICE_MS;
    let end = at;
    for (const record of at === 0 ? records : records.slice(at)) {
      this.#apply(record, outputs, settings);
      end += 1;
      if (performance.now() >= endMs) break;
    }
    return at === 0 && end === records.length ? records : records.slice(at, end);
  }

  #apply(record: LogRecord, outputs: NewRecord[], settings: C): void {
    this.#nextOffset = record.offset + 1n;
    const { processor } = this.#options;
    if (processor.dedup === 'record' && !this.#isNew(record)) {
      this.#options.counters.duplicate(processor.name);
      return;
    }
    const key = processor.keyOf(record);
    const entry = this.#entry(key);
    if (record.offset < entry.nextOffset) return;
    const made = processor.process(record, entry.state, settings);
    for (const output of this.#numbered(record, made)) outputs.push(output);
    entry.nextOffset = record.offset + 1n;
    this.#dirty.add(key);
  }

  /** Records without a readable header go to the processor, which turns them into dead letters. */
  #isNew(record: LogRecord): boolean {
    const header = record.value === null ? undefined : peekHeader(record.value);
    return header === undefined || this.#marks.advance(header.cause);
  }

  #entry(key: string): KeyEntry {
    let entry = this.#keys.get(key);
    if (entry === undefined) {
      entry = { state: this.#options.processor.createState(key), nextOffset: 0n };
      this.#keys.set(key, entry);
    }
    return entry;
  }

  #numbered(record: LogRecord, outputs: readonly Output[]): NewRecord[] {
    const traceparent = record.headers[HEADER_TRACEPARENT];
    const trace = traceparent === undefined ? {} : { [HEADER_TRACEPARENT]: traceparent };
    const perTopic = new Map<string, number>();
    return outputs.map((output) => {
      const k = perTopic.get(output.topic) ?? 0;
      perTopic.set(output.topic, k + 1);
      return {
        topic: output.topic,
        partition: record.partition,
        key: output.key,
        value: output.encode({ origin: this.#originName, n: record.offset + 1n, k }),
        headers: {
          [HEADER_CONTENT_TYPE]: contentType(output.type),
          [HEADER_SOURCE]: output.source,
          ...trace,
        },
      };
    });
  }

  async #writeCheckpoint({
    settings = this.#settings,
    closed = false,
  }: {
    readonly settings?: Settings<C> | undefined;
    readonly closed?: boolean;
  }): Promise<boolean> {
    const { assigned, scope, processor, sink, counters } = this.#options;
    // Everything of the snapshot is taken before the first await: later records belong to the next checkpoint.
    const nextOffset = this.#nextOffset;
    const marks = this.#marks.snapshot();
    const settingsEnd = settings?.end ?? 0n;
    const mark = partitionMarkRecord(scope, { nextOffset, settingsEnd, closed, marks });
    const keys = [...this.#dirty];
    const states = keys.map((key) => this.#keyRecord(key));
    this.#dirty.clear();
    try {
      await this.#inFlight.settled();
      // A member that lost the partition must not overwrite its successor's states.
      const owner = await assigned.commit({ offset: nextOffset, metadata: '' });
      if (!owner) {
        this.#isLost = true;
        return false;
      }
      if (states.length > 0) await sink.send(states);
      await sink.send([mark]);
      this.#checkpointedOffset = nextOffset;
      if (settings !== undefined) {
        this.#settings = settings;
        this.#isUnmarked = false;
      }
      counters.checkpoint(processor.name, states.length);
      return true;
    } catch (error) {
      for (const key of keys) this.#dirty.add(key);
      throw error;
    }
  }

  #keyRecord(key: string): NewRecord {
    const { processor, scope } = this.#options;
    const { state, nextOffset } = this.#entry(key);
    const payload = processor.encodeState(state);
    return keyStateRecord(scope, key, { nextOffset, stateVersion: processor.stateVersion, payload });
  }
}

function firstOffset(assigned: AssignedPartition, checkpointed: bigint | undefined, logger: Logger): bigint {
  const place = `${assigned.topic}/${assigned.partition}`;
  if (checkpointed === undefined) return assigned.beginOffset;
  if (checkpointed > assigned.endOffset) {
    throw new TickwellError(
      'log-truncated',
      `${place} ends at offset ${assigned.endOffset}, the checkpoint is at ${checkpointed}: records that were processed are gone from the log; restore the broker's data, or delete and recreate the topic`,
    );
  }
  if (checkpointed < assigned.beginOffset) {
    const expired = assigned.beginOffset - checkpointed;
    logger.error(
      { topic: assigned.topic, partition: assigned.partition, expired: Number(expired) },
      `${place}: ${expired} records expired before they were processed; import that span again`,
    );
    return assigned.beginOffset;
  }
  return checkpointed;
}

function byteLength(records: readonly NewRecord[]): number {
  return records.reduce((sum, record) => sum + (record.value?.byteLength ?? 0), 0);
}
