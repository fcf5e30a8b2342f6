import { errorMessage, TickwellError } from '@tickwell/domain';
import type { Clock, EventLog, EventSink, EventSource, FeedJob, LiveReport, Logger } from '@tickwell/ports';
import { logCursors, type CursorStore } from './cursors.ts';
import type { HostedJob, HostedOutcome, HostedStream, IngestJob, StreamHost } from './hosted-job.ts';
import { IngestStream, type IngestLimits, type IngestProgress, type IngestResult } from './ingest-stream.ts';
import { IngestMeasures } from './measure.ts';
import type { Emit } from './progress.ts';
import { statusRecord } from './records.ts';

export interface IngestServiceOptions {
  readonly jobs: readonly IngestJob[];
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newTraceparent: () => string;
  readonly limits: IngestLimits;
  /** Streams at a time: live ones have no end. */
  readonly parallelJobs: number;
  /** At most one progress line per stream in so long. */
  readonly progressIntervalMs: number;
  readonly emit: Emit;
}

/** The stream that a job's reports are about, once it runs. */
interface ToldStream {
  running: IngestStream | undefined;
}

/**
 * Ingests the streams of its jobs, so many at a time, in their order. One that fails is reported and does not keep the others from
 * being read.
 */
export class IngestService {
  readonly #options: IngestServiceOptions;
  /** With the source of each. */
  readonly #running = new Map<IngestStream, string>();
  readonly #cursors: CursorStore;
  readonly #stop = new AbortController();
  /** Orders what is filed by no stream of its own: readers drop what is not above the last one. */
  #filedNs = 0n;
  readonly #measures = new IngestMeasures();
  #totals = { streams: 0, failed: 0, events: 0, refused: 0 };
  readonly #told = new WeakSet<TickwellError>();

  constructor(options: IngestServiceOptions) {
    this.#options = options;
    this.#cursors = logCursors(options.log);
  }

  /**
   * Resolves when every stream is finished, or after {@link stop}. Rejects with `ingest-failed` when one failed (after the others
   * were read), or with the log's error as soon as that is broken.
   */
  async run(): Promise<void> {
    const { log, emit } = this.#options;
    try {
      const { clock } = this.#options;
      const sink = this.#measures.sink(await log.createSink({ name: 'ingest' }), () => clock.monotonicMs());
      await this.#runJobs(sink);
      await sink.close();
    } finally {
      await log.close();
    }
    emit({ type: 'end', ...this.#totals });
    const { failed, streams } = this.#totals;
    if (failed > 0)
      throw new TickwellError(
        'ingest-failed',
        `${failed} of ${streams} ${streams === 1 ? 'stream' : 'streams'} failed; see the lines above`,
      );
  }

  /** Files what became of a source in `source.status`, for every stream of it that runs. */
  note(source: string, report: Parameters<IngestStream['note']>[0]): void {
    for (const [stream, of] of this.#running) {
      if (of !== source) continue;
      stream.note(report).catch((error: unknown) => {
        this.#options.logger.warn({ source, err: error }, `not filed: ${report.reason}`);
      });
    }
  }

  #fileHole({ running }: ToldStream, report: LiveReport): void {
    if (report.kind !== 'hole') return;
    running?.hole(report).catch((error: unknown) => {
      const { symbol, series } = report;
      this.#options.logger.warn({ symbol, series, err: error }, 'a hole is not filed in the ledger');
    });
  }

  stop(): Promise<void> {
    this.#stop.abort(new TickwellError('stopped', 'ingest was asked to stop'));
    for (const stream of this.#running.keys()) stream.stop();
    return Promise.resolve();
  }

  async #runJobs(sink: EventSink): Promise<void> {
    const { jobs, parallelJobs } = this.#options;
    const waiting = [...jobs];
    const work = async (): Promise<void> => {
      for (
        let job = waiting.shift();
        job !== undefined && !this.#stop.signal.aborted;
        job = waiting.shift()
      ) {
        await this.#runJob(job, sink);
      }
    };
    const workers = Array.from({ length: Math.min(parallelJobs, jobs.length) }, async () => {
      try {
        await work();
      } catch (error) {
        // The log is broken for the others, too.
        await this.stop();
        throw error;
      }
    });
    for (const outcome of await Promise.allSettled(workers))
      if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #runJob(job: IngestJob, sink: EventSink): Promise<void> {
    const parts = 'run' in job ? undefined : await job.parts?.();
    if (parts?.ok === true) {
      for (const part of parts.value) if (!this.#stop.signal.aborted) await this.#runJob(part, sink);
      return;
    }
    this.#totals.streams++;
    if ('run' in job) return this.#runHosted(job, sink);
    if (parts?.ok === false) {
      this.#fail(job, parts.error);
      return;
    }
    const stream: ToldStream = { running: undefined };
    const onReport = (report: LiveReport): void => {
      this.#fileHole(stream, report);
    };
    const opened = await job.open(this.#options.logger, { onReport });
    if (!opened.ok) {
      this.#fail(job, opened.error);
      return;
    }
    try {
      await this.#runStream(opened.value, sink, stream);
    } catch (error) {
      this.#fail(job, error);
      if (isBroken(error)) throw error;
    } finally {
      await opened.value.close();
    }
  }

  async #runHosted(job: HostedJob, sink: EventSink): Promise<void> {
    const { log, clock, logger, emit, newTraceparent } = this.#options;
    const host: StreamHost = {
      log,
      clock,
      logger,
      emit,
      newTraceparent,
      stopped: this.#stop.signal,
      run: (feed, stream) => this.#hostStream(feed, stream, sink),
      file: (of, report) => this.#file(sink, of, report),
      send: (records) => sink.send(records),
    };
    try {
      await job.run(host);
    } catch (error) {
      this.#fail(job, error);
      if (isBroken(error)) throw error;
    }
  }

  async #hostStream(job: FeedJob, of: HostedStream, sink: EventSink): Promise<HostedOutcome> {
    const { signal } = of;
    let source: EventSource | undefined;
    const stream: ToldStream = { running: undefined };
    const onReport = (report: LiveReport): void => {
      this.#fileHole(stream, report);
      of.onReport(report);
    };
    try {
      const opened = await job.open(this.#options.logger, { signal, onReport });
      if (!opened.ok) return { kind: 'failed', error: opened.error };
      source = opened.value;
      const refused = of.onOpened(source);
      if (refused !== undefined)
        return { kind: 'failed', error: new TickwellError('source-refused', refused) };
      const { outcome, events } = await this.#runStream(source, sink, stream, of);
      return outcome === 'stopped' ? { kind: 'stopped' } : { kind: 'ended', events };
    } catch (error) {
      if (isBroken(error)) throw error;
      if (signal.aborted) return { kind: 'stopped' };
      const known = error instanceof TickwellError ? error : undefined;
      return {
        kind: 'failed',
        error: known ?? new TickwellError('internal', errorMessage(error), { cause: error }),
      };
    } finally {
      await source?.close();
    }
  }

  async #file(
    sink: EventSink,
    { source, stream }: { readonly source: string; readonly stream: string },
    report: Parameters<StreamHost['file']>[1],
  ): Promise<void> {
    const { clock, newTraceparent } = this.#options;
    const nowNs = clock.nowNs();
    this.#filedNs = nowNs > this.#filedNs ? nowNs : this.#filedNs + 1n;
    const context = {
      streamId: stream,
      source,
      streamName: stream,
      knownAtNs: nowNs,
      traceparent: newTraceparent(),
    };
    const counts = { events: 0n, refused: 0n, position: 0n };
    await sink.send([statusRecord(context, { ...report, ...counts }, this.#filedNs)]);
  }

  async #runStream(
    source: EventSource,
    sink: EventSink,
    told: ToldStream,
    of: Partial<Pick<HostedStream, 'signal' | 'isQuiet' | 'onData'>> = {},
  ): Promise<IngestResult> {
    const { log, clock, logger, newTraceparent, limits } = this.#options;
    const emit: Emit = of.isQuiet === true ? () => undefined : this.#options.emit;
    const { streamId, description } = source;
    const total = source.totalPositions ?? null;
    emit({ type: 'started', stream: streamId, source: source.source, description, total });
    const startMs = clock.monotonicMs();
    const report = this.#reporter(source, startMs, emit);
    const count = this.#measures.progress(source.source);
    const onProgress = (progress: IngestProgress): void => {
      count(progress);
      report(progress);
    };
    const stream = new IngestStream({
      source,
      sink,
      // A job that runs streams again and again must see how far the last one got.
      cursors: of.signal === undefined ? this.#cursors : logCursors(log),
      clock,
      logger,
      newTraceparent,
      limits,
      onProgress,
      ...(of.onData === undefined ? {} : { onData: of.onData }),
    });
    this.#running.set(stream, source.source);
    told.running = stream;
    // A stop may have come while the source was being opened.
    if (this.#stop.signal.aborted || of.signal?.aborted === true) stream.stop();
    const onStop = (): void => {
      stream.stop();
    };
    of.signal?.addEventListener('abort', onStop, { once: true });
    const result = await stream.run().finally(() => {
      this.#running.delete(stream);
      of.signal?.removeEventListener('abort', onStop);
    });
    const seconds = (clock.monotonicMs() - startMs) / 1000;
    this.#totals.events += Number(result.events);
    this.#totals.refused += Number(result.refused);
    emit({
      type: 'done',
      stream: streamId,
      source: source.source,
      outcome: result.outcome,
      ...counts(result),
      seconds,
    });
    logger.info({ stream: streamId, ...counts(result), seconds }, doneText(description, result));
    return result;
  }

  #reporter(source: EventSource, startMs: number, emit: Emit): (progress: IngestProgress) => void {
    const { clock, progressIntervalMs } = this.#options;
    let lastMs = startMs;
    let firstEvents: bigint | undefined;
    return (progress) => {
      firstEvents ??= progress.events;
      const nowMs = clock.monotonicMs();
      if (nowMs - lastMs < progressIntervalMs) return;
      lastMs = nowMs;
      const eventsPerSecond = Math.round(
        (Number(progress.events - firstEvents) / Math.max(1, nowMs - startMs)) * 1000,
      );
      emit({
        type: 'progress',
        stream: source.streamId,
        total: source.totalPositions ?? null,
        ...counts(progress),
        eventsPerSecond,
      });
    };
  }

  #fail(job: { readonly name: string }, error: unknown): void {
    this.#totals.failed++;
    const known = error instanceof TickwellError ? error : undefined;
    const message = errorMessage(error);
    // What failed both of two streams of one answer (bars and dividends) is told once.
    if (known !== undefined && this.#told.has(known)) return;
    if (known !== undefined) this.#told.add(known);
    this.#options.logger.error({ err: error }, message);
    this.#options.emit({
      type: 'error',
      job: job.name,
      code: known?.code ?? 'internal',
      message,
      retryable: known?.retryable ?? false,
    });
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof TickwellError && error.code === 'sink-broken';
}

function counts(progress: IngestProgress): { position: number; events: number; refused: number } {
  return {
    position: Number(progress.position),
    events: Number(progress.events),
    refused: Number(progress.refused),
  };
}

function doneText(description: string, result: IngestResult): string {
  switch (result.outcome) {
    case 'already':
      return `${description}: already imported, events: ${result.events}`;
    case 'finished':
      return `${description}: finished, events: ${result.events}, refused: ${result.refused}`;
    case 'stopped':
      return `${description}: stopped after position ${result.position}`;
  }
}
