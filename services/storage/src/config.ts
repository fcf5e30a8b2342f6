import { RUNTIME_FIELDS, field, readConfig, type Env, type RuntimeConfig } from '@tickwell/runtime';
import type { StorageOptions } from './service.ts';

const FIELDS = {
  ...RUNTIME_FIELDS,
  kafkaBrokers: field.list('TICKWELL_KAFKA_BROKERS', ['127.0.0.1:9092']),
  questdbHttpUrl: field.url('TICKWELL_QUESTDB_HTTP_URL', ['http:', 'https:'], 'http://127.0.0.1:9000'),
  questdbPgUrl: field.url('TICKWELL_QUESTDB_PG_URL', ['postgres:', 'postgresql:']),
  groupId: field.text('TICKWELL_STORAGE_GROUP', 'tickwell-storage'),
  maxBatchRows: field.integer('TICKWELL_STORAGE_MAX_BATCH_ROWS', {
    min: 1,
    max: 1_000_000,
    fallback: 50_000,
  }),
};

export interface StorageConfig extends RuntimeConfig {
  readonly kafkaBrokers: readonly string[];
  readonly questdbHttpUrl: URL;
  readonly questdbPgUrl: URL;
  readonly options: StorageOptions;
}

/** Reads the environment. @throws ConfigError with every problem at once. */
export function readStorageConfig(env: Env): StorageConfig {
  const { groupId, maxBatchRows, ...config } = readConfig(env, FIELDS);
  return Object.freeze({
    ...config,
    options: {
      groupId,
      commitIntervalMs: 20,
      // Of the runtime's stop deadline, so that commits and connections still get their turn.
      closeDeadlineMs: Math.floor(config.stopDeadlineMs / 2),
      store: {
        maxBatchRows,
        maxBatchBytes: 32 * 1024 * 1024,
        maxWrites: 3,
        minParallelRows: Math.max(1, Math.floor(maxBatchRows / 5)),
        minSpacingMs: 200,
        minRetryMs: 100,
        maxRetryMs: 5_000,
      },
    },
  });
}
