import { readFilesJob, readReplayJob, readSampleJob } from '@tickwell/feed-files';
import { readYahooJob } from '@tickwell/feed-yahoo';
import { createKafkaLog } from '@tickwell/kafka';
import { newTraceparent, runService, systemClock } from '@tickwell/runtime';
import { readIngestConfig } from './config.ts';
import type { JobReader } from './job.ts';
import { IngestService } from './service.ts';

const readers: Readonly<Record<string, JobReader>> = {
  files: readFilesJob,
  sample: readSampleJob,
  replay: (job, where) => readReplayJob(job, where, systemClock),
  yahoo: (job, where) => readYahooJob(job, where, { clock: systemClock }),
};

await runService({
  name: 'ingest',
  env: process.env,
  readConfig: (env) => readIngestConfig(env, readers),
  build: (config, logger) =>
    Promise.resolve(
      new IngestService({
        jobs: config.jobs,
        log: createKafkaLog({ brokers: config.kafkaBrokers, clientId: 'tickwell-ingest', logger }),
        clock: systemClock,
        logger,
        newTraceparent,
        limits: {
          maxPendingEvents: config.maxPendingEvents,
          maxPendingBytes: config.maxPendingMebibytes * 1024 * 1024,
          cursorIntervalMs: config.cursorIntervalMs,
        },
        progressIntervalMs: config.progressIntervalMs,
        emit: (line) => {
          process.stdout.write(`${JSON.stringify(line)}\n`);
        },
      }),
    ),
});
