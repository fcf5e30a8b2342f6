import {
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  HEADER_TRACEPARENT,
  contentType,
  peekHeader,
} from '@tickwell/contracts';
import { TickwellError, type Cause, type CauseMarks } from '@tickwell/domain';
import type {
  AssignedPartition,
  EventSink,
  LogRecord,
  Logger,
  NewRecord,
  PartitionSession,
} from '@tickwell/ports';
import {
  keyStateRecord,
  partitionMarkRecord,
  type CheckpointScope,
  type Release,
  type Restored,
} from './checkpoint.ts';
import type { FlowCounters } from './counters.ts';
import { InFlight } from './in-flight.ts';
import type { Preparation } from './preparation.ts';
import { Preparer } from './preparer.ts';
import type { Output, Processor } from './processor.ts';
import type { Settings } from './settings.ts';

/** Longer work in one piece would keep the process from its heartbeats and answers. */
const SLICE_MS = 10;

interface KeyEntry {
  state: unknown;
  /** Records of this key below it have been applied. */
  nextOffset: bigint;
  /** Of what the state wants written. */
  release?: Release | undefined;
}

/** Above every k of what an input makes: of what states want written, beside the last input. */
const FIRST_RELEASE_K = 2 ** 30;

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
  /** Of what states want written: the n written last, and the k after its last. */
  #released: Release;
  readonly #preparer: Preparer | undefined;
  #standingStill: Promise<unknown> | undefined;

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
    this.#released = { n: this.startOffset, k: restored.releaseK };
    this.#preparer = this.#newPreparer();
    // Records may be waiting for what is being read.
    assigned.signal.addEventListener('abort', () => void this.#preparer?.stop(), { once: true });
    for (const [key, entry] of restored.keys) {
      const decoded = options.processor.decodeState(key, entry.stateVersion, entry.payload);
      if (!decoded.ok) {
        throw new TickwellError(
          'state-unreadable',
          `state of "${key}" in ${scope.stateTopic}/${scope.partition} (${scope.processor}) cannot be restored: ${decoded.error}`,
        );
      }
      const { nextOffset, release } = entry;
      this.#keys.set(key, { state: decoded.value, nextOffset, release });
      this.#preparer?.add(key);
    }
  }

  /** Writes what restored states want written, which may be written already, and begins to prepare those that lack something. */
  begin(): void {
    const wanting = [...this.#keys].flatMap(([key, { release }]) =>
      release === undefined ? [] : [{ key, release }],
    );
    wanting.sort((a, b) => (isAfter(a.release, b.release) ? 1 : -1));
    this.#release(wanting.map(({ key }) => key));
    this.#preparer?.work();
  }

  async handle(records: readonly LogRecord[]): Promise<void> {
    for (let at = 0; at < records.length;) {
      // Heartbeats, fetches and other partitions have their turn between two slices.
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      await this.#inFlight.room();
      let settings = await this.#nextSettings();
      while (this.#standingStill !== undefined) settings = await this.#nextSettings();
      if (settings === undefined) return;
      // From here on nothing waits: what a record changes and what it makes is in one checkpoint.
      const outputs: NewRecord[] = [];
      const handled = this.#applySlice(records, at, outputs, settings.value);
      this.#options.counters.received(this.#options.processor.name, handled, outputs.length);
      at += handled.length;
      this.#send(outputs);
      this.#preparer?.work();
    }
  }

  /** Writes what changed since the last checkpoint; a no-op when nothing did or one is being written. */
  async checkpoint(): Promise<void> {
    // A partition without records takes newer settings, too: whoever comes after this process must not process by older ones what
    // came long after the change.
    if (!this.#isUnmarked && this.#hasNewerSettings()) await this.#nextSettings();
    this.#preparer?.work();
    const isUnchanged = this.#nextOffset === this.#checkpointedOffset && this.#dirty.size === 0;
    if (this.#checkpointing === undefined && isUnchanged) return;
    await (this.#checkpointing ?? this.#startCheckpoint({}));
  }

  async close(): Promise<void> {
    this.#options.onClosing();
    await this.#preparer?.stop();
    while (this.#checkpointing !== undefined) await this.#checkpointing;
    // Where no record came, the checkpoint that was there says it.
    if (!this.#isUnmarked && !this.#isLost) await this.#startCheckpoint({ closed: !this.#mayRepeat() });
  }

  /**
   * The settings of the next record: newer ones once a checkpoint says that they hold from here on, so that whoever processes the
   * same records again does so by the same. Undefined when the partition is another member's by now.
   */
  async #nextSettings(): Promise<Settings<C> | undefined> {
    for (;;) {
      if (this.#standingStill !== undefined) await this.#standingStill;
      else if (!this.#isLost && (this.#isUnmarked || this.#hasNewerSettings()))
        await (this.#checkpointing ?? this.#startCheckpoint({ settings: this.#newestSettings() }));
      else return this.#isLost ? undefined : this.#settings;
    }
  }

  #hasNewerSettings(): boolean {
    return !this.#mayRepeat() && this.#newestSettings() !== this.#settings;
  }

  /** The follower of the configuration may be behind the checkpoint. */
  #newestSettings(): Settings<C> {
    const latest = this.#options.latestSettings();
    return this.#settings !== undefined && this.#settings.end >= latest.end ? this.#settings : latest;
  }

  /**
   * What was in the log when the partition came over may have been processed already, by the settings and the states of the checkpoint; unless that
   * says otherwise.
   */
  #mayRepeat(): boolean {
    const { assigned, restored, settings } = this.#options;
    const wasProcessed = settings !== undefined && !restored.isClosed;
    return wasProcessed && this.#nextOffset < assigned.endOffset;
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
    if (processor.preparing?.mayLack(entry.state) === true) this.#preparer?.add(key);
  }

  #newPreparer(): Preparer | undefined {
    const { processor, assigned, logger, counters, onFailure } = this.#options;
    const { preparing } = processor;
    if (preparing === undefined) return undefined;
    const { topic, partition, epoch } = assigned;
    return new Preparer({
      processor: processor.name,
      logger,
      counters: counters.preparations,
      partition: {
        ready: async () => {
          const settings = await this.#nextSettings();
          if (settings === undefined || this.#mayRepeat()) return undefined;
          return {
            preparationOf: (key) => {
              // It may bring the state in line with newer settings, which must not be lost with this process.
              this.#dirty.add(key);
              return preparing.preparation(key, this.#entry(key).state, settings.value);
            },
          };
        },
        stateOf: (key) => this.#entry(key).state,
        place: () => ({ topic, partition, epoch, nextOffset: this.#nextOffset }),
        standStill: (work) => this.#standStill(work),
        install: (preparations) => this.#install(preparations),
        onFailure,
      },
    });
  }

  async #standStill<T>(work: () => Promise<T>): Promise<T> {
    const done = Promise.withResolvers<undefined>();
    this.#standingStill = done.promise;
    try {
      return await work();
    } finally {
      this.#standingStill = undefined;
      done.resolve(undefined);
    }
  }

  /** While records wait. What was brought in counts once it is in a checkpoint: whoever goes on from there has it, too. */
  async #install(preparations: ReadonlyMap<string, Preparation<unknown>>): Promise<boolean> {
    while (this.#checkpointing !== undefined) await this.#checkpointing;
    const { processor } = this.#options;
    const wanting: string[] = [];
    for (const [key, preparation] of preparations) {
      const entry = this.#entry(key);
      preparation.install(entry.state);
      entry.nextOffset = this.#nextOffset;
      const count = processor.preparing?.unwritten(key, entry.state).length ?? 0;
      entry.release = count === 0 ? undefined : this.#takeRelease(count);
      if (count > 0) wanting.push(key);
      this.#dirty.add(key);
    }
    if (!(await this.#startCheckpoint({}))) return false;
    this.#release(wanting);
    return true;
  }

  #takeRelease(count: number): Release {
    const release = { n: this.#nextOffset, k: Math.max(this.#releasedHere(), FIRST_RELEASE_K) };
    this.#released = { n: release.n, k: release.k + count };
    return release;
  }

  /** Above every k with n = {@link #nextOffset} of what states want written. */
  #releasedHere(): number {
    return this.#released.n === this.#nextOffset ? this.#released.k : 0;
  }

  /** Writes what states want written, under the causes that are in their checkpoints. */
  #release(keys: readonly string[]): void {
    const { processor, assigned } = this.#options;
    const outputs: NewRecord[] = [];
    for (const key of keys) {
      const entry = this.#entry(key);
      const { release } = entry;
      if (release === undefined || processor.preparing === undefined) continue;
      const unwritten = processor.preparing.unwritten(key, entry.state);
      for (const [index, output] of unwritten.entries()) {
        const cause = { origin: this.#originName, n: release.n, k: release.k + index };
        outputs.push(newRecord(output, assigned.partition, cause, {}));
      }
      const after = { n: release.n, k: release.k + unwritten.length };
      if (isAfter(after, this.#released)) this.#released = after;
      processor.preparing.written(entry.state);
      entry.release = undefined;
      this.#dirty.add(key);
    }
    this.#send(outputs);
  }

  #send(outputs: readonly NewRecord[]): void {
    if (outputs.length > 0) this.#inFlight.add(this.#options.sink.send(outputs), byteLength(outputs));
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
      const cause = { origin: this.#originName, n: record.offset + 1n, k };
      return newRecord(output, record.partition, cause, trace);
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
    const releaseK = this.#releasedHere();
    const mark = partitionMarkRecord(scope, { nextOffset, settingsEnd, closed, releaseK, marks });
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
      if (settings !== undefined) this.#take(settings);
      counters.checkpoint(processor.name, states.length);
      return true;
    } catch (error) {
      for (const key of keys) this.#dirty.add(key);
      throw error;
    }
  }

  #take(settings: Settings<C>): void {
    const isNew = settings !== this.#settings;
    this.#settings = settings;
    this.#isUnmarked = false;
    if (!isNew || this.#preparer === undefined) return;
    for (const key of this.#keys.keys()) this.#preparer.add(key);
    this.#preparer.work();
  }

  #keyRecord(key: string): NewRecord {
    const { processor, scope } = this.#options;
    const { state, nextOffset, release } = this.#entry(key);
    const payload = processor.encodeState(state);
    const { stateVersion } = processor;
    return keyStateRecord(scope, key, { nextOffset, stateVersion, payload, release });
  }
}

function isAfter(a: Release, b: Release): boolean {
  return a.n > b.n || (a.n === b.n && a.k > b.k);
}

function newRecord(
  output: Output,
  partition: number,
  cause: Cause,
  trace: Readonly<Record<string, string>>,
): NewRecord {
  return {
    topic: output.topic,
    partition,
    key: output.key,
    value: output.encode(cause),
    headers: {
      [HEADER_CONTENT_TYPE]: contentType(output.type),
      [HEADER_SOURCE]: output.source,
      ...trace,
    },
  };
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
