import { errorMessage, TickwellError, type PriceBasis } from '@tickwell/domain';
import type {
  Clock,
  EventSink,
  EventSource,
  FeedChunk,
  FeedItem,
  FeedRefusal,
  Logger,
  NewRecord,
} from '@tickwell/ports';
import { PendingBatches, RAW_TOPIC } from './batches.ts';
import { CURSOR_VERSION, type CursorStore, type IngestCursor } from './cursors.ts';
import {
  cursorRecord,
  dataRecord,
  holeRecord,
  refusedRecord,
  statusRecord,
  watermarkRecord,
  type LastTick,
  type RecordContext,
  type ReportedHole,
  type StatusReport,
} from './records.ts';

/** Bounds of one stream's memory, and how often its cursor is written. */
export interface IngestLimits {
  readonly maxPendingEvents: number;
  readonly maxPendingBytes: number;
  readonly cursorIntervalMs: number;
}

export const DEFAULT_LIMITS: IngestLimits = {
  maxPendingEvents: 20_000,
  maxPendingBytes: 8 * 1024 * 1024,
  cursorIntervalMs: 2000,
};

/** Records of one closing send. */
const CLOSING_RECORDS = 1000;
const REFUSAL_BYTES = 1024;
/** How often a stream that runs says so: whoever watches takes silence for its end (services/query/src/quality/source-timeline.ts). */
const REPEAT_STATUS_MS = 60_000;

export interface IngestProgress {
  readonly position: bigint;
  readonly events: bigint;
  readonly refused: bigint;
}

export interface IngestOptions {
  readonly source: EventSource;
  readonly sink: EventSink;
  readonly cursors: CursorStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newTraceparent: () => string;
  readonly limits?: IngestLimits;
  /** Once before the first event, then after every send that was acknowledged. Counts include earlier runs of the stream. */
  readonly onProgress?: (progress: IngestProgress) => void;
  /** Events of a symbol have been read. */
  readonly onData?: (symbol: string) => void;
}

export interface IngestResult extends IngestProgress {
  /** `already`: earlier runs had all of it. */
  readonly outcome: 'finished' | 'already' | 'stopped';
}

/**
 * Moves one stream from its source to the raw topics: batches grow only while a send is in flight, the source waits while too
 * much is pending, and the cursor follows what is durable. A resume sends again what lies above the cursor; readers drop it by
 * position. So do two processes that ingest the same stream at once: they repeat each other, and the log's readers see each
 * event once.
 */
export class IngestStream {
  readonly #options: IngestOptions;
  readonly #limits: IngestLimits;
  readonly #abort = new AbortController();
  readonly #pending = new PendingBatches();
  #refusals: FeedRefusal[] = [];
  #refusalBytes = 0;
  /** Newest time per topic and symbol; as many entries as the stream has symbols. */
  readonly #newest = new Map<
    string,
    { timeNs: bigint; position: bigint; symbol: string; priceBasis: PriceBasis; tick: boolean }
  >();
  #knownAtNs = 0n;
  #counts: IngestProgress = { position: 0n, events: 0n, refused: 0n };
  /** At the last safe place of the source, and at the last one that is durable. */
  #safe = this.#counts;
  #durable = this.#counts;
  #cursorWritten = { position: -1n, atMs: 0 };
  /** Of the last report about the source. */
  #statusNs = 0n;
  /** The last one about this stream, which is said again now and then. */
  #said: Pick<StatusReport, 'state' | 'reason'> = { state: 'up', reason: '' };
  #sending: Promise<void> | undefined;
  #failure: unknown;
  #wakeReader: (() => void) | undefined;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
  }

  /** Ends intake; `run` sends what was read, writes the cursor and resolves with outcome "stopped". */
  stop(): void {
    this.#abort.abort(new TickwellError('stopped', 'ingest was asked to stop'));
  }

  /** Files what became of the source meanwhile in `source.status`, with the stream's counts so far. Rejects as the log does. */
  async note(report: Pick<StatusReport, 'state' | 'reason'>): Promise<void> {
    await this.#send([this.#status(report)]);
  }

  /** Files a hole of the source in `md.raw.holes`. Rejects as the log does. */
  async hole(hole: ReportedHole): Promise<void> {
    const record = holeRecord(this.#context(), hole, this.#nextNs());
    if (record !== undefined) await this.#send([record]);
  }

  /**
   * Resolves when the source is at its end and everything is durable, or after {@link stop}. Rejects with a TickwellError when the
   * source or the log fails; the stream then goes on from its cursor at the next run.
   */
  async run(): Promise<IngestResult> {
    const { source, cursors, clock } = this.#options;
    const cursor = await cursors.load(source.streamId);
    if (cursor !== undefined) {
      const { position, events, refused } = cursor;
      if (cursor.finished && source.continues !== true)
        return { outcome: 'already', position, events, refused };
      this.#counts = { position, events, refused };
    }
    const before = (this.#safe = this.#durable = this.#counts);
    this.#options.onProgress?.(before);
    // Of a stream that goes on, a resume brings what became known since: what is sent twice counts once, whatever it says.
    this.#knownAtNs = (source.continues === true ? undefined : cursor?.knownAtNs) ?? clock.nowNs();
    // Before the first event: a resume must find the time at which the platform first knew these values.
    await this.#send([this.#cursor(false), this.#status({ state: 'up', reason: '' })]);
    const repeating = this.#repeatStatus();
    try {
      await this.#transfer();
    } finally {
      clearInterval(repeating);
    }
    if (this.#abort.signal.aborted) return this.#endStopped();
    const result = await this.#endFinished();
    const isUnchanged = result.events === before.events && result.refused === before.refused;
    return cursor?.finished === true && isUnchanged ? { ...result, outcome: 'already' } : result;
  }

  #repeatStatus(): NodeJS.Timeout {
    return setInterval(() => {
      this.note(this.#said).catch((error: unknown) => {
        // The log is broken: the next send of data says so to whoever runs the stream.
        this.#options.logger.warn({ err: error }, 'the status of the stream was not filed');
      });
    }, REPEAT_STATUS_MS);
  }

  async #transfer(): Promise<void> {
    const { source } = this.#options;
    try {
      const options = { afterPosition: this.#counts.position, signal: this.#abort.signal };
      for await (const item of source.read(options)) {
        this.#accept(item);
        this.#pump();
        await this.#room();
        if (this.#abort.signal.aborted || this.#failure !== undefined) break;
      }
    } catch (error) {
      // A source may end with the signal's reason.
      if (!this.#abort.signal.aborted) await this.#endFailed(error);
    }
    await this.#drain();
  }

  #accept(item: FeedItem): void {
    const { position, events, refused } = this.#counts;
    if (item.kind === 'progress') {
      this.#counts = this.#safe = { position: item.position, events, refused };
    } else if (item.kind === 'refused') {
      this.#refusals.push(item);
      this.#refusalBytes += item.original.length + REFUSAL_BYTES;
      this.#counts = { position, events, refused: refused + 1n };
    } else {
      this.#counts = { position, events: events + BigInt(item.positions.length), refused };
      this.#pending.add(item);
      this.#options.onData?.(item.symbol);
    }
  }

  /** Waits while as much is pending as may be. */
  async #room(): Promise<void> {
    while (this.#isFull() && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  #isFull(): boolean {
    return (
      this.#pending.events + this.#refusals.length >= this.#limits.maxPendingEvents ||
      this.#pending.bytes + this.#refusalBytes >= this.#limits.maxPendingBytes
    );
  }

  #hasPending(): boolean {
    return this.#pending.events > 0 || this.#refusals.length > 0;
  }

  /** One send at a time: what arrives meanwhile forms the next. */
  #pump(): void {
    if (this.#sending !== undefined || !this.#hasPending() || this.#failure !== undefined) return;
    this.#sending = this.#sendPending()
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#sending = undefined;
        this.#wake();
        // What arrived after the last look, but before this, has nobody else to send it.
        this.#pump();
      });
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  async #sendPending(): Promise<void> {
    while (this.#hasPending()) {
      // Everything read so far is in this send or an earlier one, so its last safe place is durable once it is acknowledged.
      const covers = this.#safe;
      const context = this.#context();
      const records = this.#pending.take().map((chunk) => dataRecord(context, chunk, this.#advance(chunk)));
      for (const refusal of this.#refusals) records.push(refusedRecord(context, refusal));
      this.#refusals = [];
      this.#refusalBytes = 0;
      if (this.#isCursorDue()) records.push(this.#cursor(false));
      this.#wake();
      await this.#send(records);
      this.#durable = covers;
      this.#options.onProgress?.(covers);
    }
  }

  async #drain(): Promise<void> {
    this.#pump();
    while (this.#sending !== undefined) await this.#sending;
    if (this.#failure !== undefined) throw this.#wrap(this.#failure);
  }

  /** The watermark of a batch: the newest time of its series so far. Rows out of order do not move it back. */
  #advance(chunk: FeedChunk): bigint {
    const newest = newestTime(chunk);
    const position = chunk.positions.at(-1) ?? 0n;
    const key = `${RAW_TOPIC[chunk.kind]}|${chunk.symbol}`;
    const before = this.#newest.get(key);
    const timeNs = before === undefined || newest > before.timeNs ? newest : before.timeNs;
    const tick = chunk.kind === 'trades' || chunk.kind === 'quotes';
    this.#newest.set(key, { timeNs, position, symbol: chunk.symbol, priceBasis: chunk.priceBasis, tick });
    return timeNs;
  }

  async #endFinished(): Promise<IngestResult> {
    this.#durable = this.#safe = this.#counts;
    const context = this.#context();
    const last: LastTick[] = [...this.#newest.values()].filter((series) => series.tick);
    for (let at = 0; at < last.length; at += CLOSING_RECORDS) {
      await this.#send(last.slice(at, at + CLOSING_RECORDS).map((tick) => watermarkRecord(context, tick)));
    }
    await this.#send([this.#cursor(true), this.#status({ state: 'finished', reason: '' })]);
    this.#options.onProgress?.(this.#counts);
    return { outcome: 'finished', ...this.#counts };
  }

  async #endStopped(): Promise<IngestResult> {
    this.#durable = this.#safe;
    const reason = `stopped after position ${this.#safe.position}; the next run goes on from there`;
    await this.#send([this.#cursor(false), this.#status({ state: 'stopped', reason })]);
    return { outcome: 'stopped', ...this.#safe };
  }

  /** What was read goes out, then the failure is reported and thrown. */
  async #endFailed(error: unknown): Promise<never> {
    await this.#drain();
    this.#durable = this.#safe;
    await this.#send([this.#cursor(false), this.#status({ state: 'down', reason: errorMessage(error) })]);
    throw this.#wrap(error);
  }

  #wrap(error: unknown): TickwellError {
    if (error instanceof TickwellError) return error;
    return new TickwellError('ingest-failed', `${this.#options.source.description}: ${errorMessage(error)}`, {
      cause: error,
    });
  }

  #context(): RecordContext {
    const { streamId, source, description, isLive } = this.#options.source;
    return {
      streamId,
      source,
      streamName: description,
      knownAtNs: isLive === true ? this.#options.clock.nowNs() : this.#knownAtNs,
      traceparent: this.#options.newTraceparent(),
    };
  }

  #isCursorDue(): boolean {
    return (
      this.#durable.position > this.#cursorWritten.position &&
      this.#options.clock.monotonicMs() - this.#cursorWritten.atMs >= this.#limits.cursorIntervalMs
    );
  }

  #cursor(finished: boolean): NewRecord {
    const { source, clock } = this.#options;
    const { position, events, refused } = this.#durable;
    this.#cursorWritten = { position, atMs: clock.monotonicMs() };
    const cursor: IngestCursor = {
      version: CURSOR_VERSION,
      streamId: source.streamId,
      source: source.source,
      position,
      finished,
      knownAtNs: this.#knownAtNs,
      events,
      refused,
      description: source.description,
    };
    return cursorRecord(this.#context(), cursor, clock.nowNs());
  }

  #status(report: Pick<StatusReport, 'state' | 'reason'>): NewRecord {
    this.#said = report;
    return statusRecord(this.#context(), { ...report, ...this.#durable }, this.#nextNs());
  }

  /** Now, and above the last one: readers drop a report that is not. */
  #nextNs(): bigint {
    const nowNs = this.#options.clock.nowNs();
    this.#statusNs = nowNs > this.#statusNs ? nowNs : this.#statusNs + 1n;
    return this.#statusNs;
  }

  async #send(records: readonly NewRecord[]): Promise<void> {
    await this.#options.sink.send(records);
  }
}

function newestTime(chunk: FeedChunk): bigint {
  const times =
    chunk.kind === 'trades'
      ? chunk.trades.timeNs
      : chunk.kind === 'quotes'
        ? chunk.quotes.timeNs
        : chunk.kind === 'bars'
          ? chunk.bars.startNs
          : chunk.kind === 'fundamentals'
            ? chunk.items.map((item) => item.periodEndNs)
            : chunk.kind === 'actions'
              ? chunk.actions.map((action) => action.exDateNs)
              : chunk.items.map((item) => item.timeNs);
  let newest = times[0] ?? 0n;
  for (const time of times) if (time > newest) newest = time;
  return newest;
}
