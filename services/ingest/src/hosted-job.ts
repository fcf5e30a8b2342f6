import type { TickwellError } from '@tickwell/domain';
import type { Clock, EventLog, EventSource, FeedJob, Logger, NewRecord, OpenOptions } from '@tickwell/ports';
import type { Emit } from './progress.ts';
import type { StatusReport } from './records.ts';

export interface HostedStream {
  /** Ends the stream in order: what was read is sent. */
  readonly signal: AbortSignal;
  readonly onReport: NonNullable<OpenOptions['onReport']>;
  /** The stream is about to be read; a text refuses it. */
  readonly onOpened: (source: EventSource) => string | undefined;
  /** Events of a symbol have come. */
  readonly onData: (symbol: string) => void;
  /** Without lines of its own: one of many short ones. */
  readonly isQuiet: boolean;
}

export type HostedOutcome =
  /** Events of the whole stream, earlier runs included. */
  | { readonly kind: 'ended'; readonly events: bigint }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: TickwellError };

/** What a job that runs streams of its own has of the service. */
export interface StreamHost {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly emit: Emit;
  readonly newTraceparent: () => string;
  /** Fires when the service is asked to stop. */
  readonly stopped: AbortSignal;
  /** Runs one stream. Rejects only when the log is broken. */
  run(job: FeedJob, stream: HostedStream): Promise<HostedOutcome>;
  /** Files the state of a source in `source.status`, under a stream that is none of its own. */
  file(
    of: { readonly source: string; readonly stream: string },
    report: Pick<StatusReport, 'state' | 'reason'>,
  ): Promise<void>;
  /** Resolves once the records are durable. Rejects only when the log is broken. */
  send(records: readonly NewRecord[]): Promise<void>;
}

/** A job that decides itself which streams run. */
export interface HostedJob {
  readonly name: string;
  /** Resolves when it has nothing to do any more, or after {@link StreamHost.stopped}, once its streams have ended. */
  run(host: StreamHost): Promise<void>;
}

export type IngestJob = FeedJob | HostedJob;
