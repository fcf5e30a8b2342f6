import { errorMessage, TickwellError } from '@tickwell/domain';
import type { Clock, EventLog, EventSink, EventSource, FeedJob, Logger } from '@tickwell/ports';
import { logCursors, type CursorStore } from './cursors.ts';
import { IngestStream, type IngestLimits, type IngestProgress, type IngestResult } from './ingest-stream.ts';
import { IngestMeasures } from './measure.ts';
import type { Emit } from './progress.ts';

export interface IngestServiceOptions {
  readonly jobs: readonly FeedJob[];
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

/**
 * Ingests the streams of its jobs, so many at a time, in their order. One that fails is reported and does not keep the others from
 * being read.
 */
export class IngestService {
  readonly #options: IngestServiceOptions;
  /** With the source of each. */
  readonly #running = new Map<IngestStream, string>();
  #isStopping = false;
  readonly #cursors: CursorStore;
  readonly #measures = new IngestMeasures();
  #totals = { streams: 0, failed: 0, events: 0, refused: 0 };

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
  note(source: string, report: { readonly state: 'up' | 'degraded'; readonly reason: string }): void {
    for (const [stream, of] of this.#running) {
      if (of !== source) continue;
      stream.note(report).catch((error: unknown) => {
        this.#options.logger.warn({ source, err: error }, `not filed: ${report.reason}`);
      });
    }
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    for (const stream of this.#running.keys()) stream.stop();
    return Promise.resolve();
  }

  async #runJobs(sink: EventSink): Promise<void> {
    const { jobs, parallelJobs } = this.#options;
    const waiting = [...jobs];
    const work = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined && !this.#isStopping; job = waiting.shift()) {
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

  async #runJob(job: FeedJob, sink: EventSink): Promise<void> {
    this.#totals.streams++;
    const opened = await job.open(this.#options.logger);
    if (!opened.ok) {
      this.#fail(job, opened.error);
      return;
    }
    try {
      await this.#runStream(opened.value, sink);
    } catch (error) {
      this.#fail(job, error);
      if (error instanceof TickwellError && error.code === 'sink-broken') throw error;
    } finally {
      await opened.value.close();
    }
  }

  async #runStream(source: EventSource, sink: EventSink): Promise<void> {
    const { clock, logger, newTraceparent, limits, emit } = this.#options;
    const { streamId, description } = source;
    const total = source.totalPositions ?? null;
    emit({ type: 'started', stream: streamId, source: source.source, description, total });
    const startMs = clock.monotonicMs();
    const report = this.#reporter(source, startMs);
    const count = this.#measures.progress(source.source);
    const onProgress = (progress: IngestProgress): void => {
      count(progress);
      report(progress);
    };
    const stream = new IngestStream({
      source,
      sink,
      cursors: this.#cursors,
      clock,
      logger,
      newTraceparent,
      limits,
      onProgress,
    });
    this.#running.set(stream, source.source);
    // A stop may have come while the source was being opened.
    if (this.#isStopping) stream.stop();
    const result = await stream.run().finally(() => this.#running.delete(stream));
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
  }

  #reporter(source: EventSource, startMs: number): (progress: IngestProgress) => void {
    const { clock, emit, progressIntervalMs } = this.#options;
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

  #fail(job: FeedJob, error: unknown): void {
    this.#totals.failed++;
    const known = error instanceof TickwellError ? error : undefined;
    const message = errorMessage(error);
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
