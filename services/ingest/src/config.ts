import { field, readConfig, RUNTIME_FIELDS, type Env, type RuntimeConfig } from '@tickwell/runtime';
import type { IngestJob } from './hosted-job.ts';
import { jobText, parseJobs, type JobReaders } from './job.ts';

export interface IngestConfig extends RuntimeConfig {
  readonly kafkaBrokers: readonly string[];
  readonly jobs: readonly IngestJob[];
  readonly maxPendingEvents: number;
  readonly maxPendingMebibytes: number;
  readonly cursorIntervalMs: number;
  readonly parallelJobs: number;
  /** Where query answers, for feeds that go on where the store ends; "": nowhere. */
  readonly grpcAddress: string;
  readonly progressIntervalMs: number;
}

/** @throws ConfigError with every problem. */
export function readIngestConfig(env: Env, readers: JobReaders<IngestJob>): Readonly<IngestConfig> {
  return readConfig<IngestConfig>(env, {
    ...RUNTIME_FIELDS,
    kafkaBrokers: field.list('TICKWELL_KAFKA_BROKERS', ['127.0.0.1:9092']),
    jobs: {
      name: 'TICKWELL_INGEST_JOB',
      parse: (setting) => {
        if (setting === undefined)
          return { ok: false, problem: 'is required: a job as JSON, or the path of a file that holds it' };
        const text = jobText(setting);
        if (!text.ok) return { ok: false, problem: text.error };
        const jobs = parseJobs(text.value, readers);
        return jobs.ok ? jobs : { ok: false, problem: jobs.error.join('; ') };
      },
    },
    maxPendingEvents: field.integer('TICKWELL_INGEST_MAX_PENDING_EVENTS', {
      min: 1,
      max: 1_000_000,
      fallback: 20_000,
    }),
    maxPendingMebibytes: field.integer('TICKWELL_INGEST_MAX_PENDING_MIB', { min: 1, max: 1024, fallback: 8 }),
    cursorIntervalMs: field.integer('TICKWELL_INGEST_CURSOR_INTERVAL_MS', {
      min: 0,
      max: 600_000,
      fallback: 2000,
    }),
    parallelJobs: field.integer('TICKWELL_INGEST_PARALLEL_JOBS', { min: 1, max: 64, fallback: 1 }),
    grpcAddress: field.text('TICKWELL_GRPC_ADDRESS', ''),
    progressIntervalMs: field.integer('TICKWELL_INGEST_PROGRESS_INTERVAL_MS', {
      min: 0,
      max: 600_000,
      fallback: 500,
    }),
  });
}
