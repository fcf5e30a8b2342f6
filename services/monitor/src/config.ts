import {
  QUERY_FIELDS,
  RUNTIME_FIELDS,
  field,
  readConfig,
  type Env,
  type QueryConfig,
  type RuntimeConfig,
} from '@tickwell/runtime';

export interface MonitorConfig extends RuntimeConfig, QueryConfig {
  readonly kafkaBrokers: readonly string[];
  /** Of the copies with the same group, one runs the tasks. */
  readonly groupId: string;
  /** Rules of alerts are evaluated so often. */
  readonly alertsIntervalMs: number;
  readonly checkpointIntervalMs: number;
}

/** @throws ConfigError with every problem at once. */
export function readMonitorConfig(env: Env): MonitorConfig {
  return readConfig<MonitorConfig>(env, {
    ...RUNTIME_FIELDS,
    kafkaBrokers: field.list('TICKWELL_KAFKA_BROKERS'),
    groupId: field.text('TICKWELL_MONITOR_GROUP', 'tickwell-monitor'),
    ...QUERY_FIELDS,
    alertsIntervalMs: field.integer('TICKWELL_ALERTS_INTERVAL_MS', {
      min: 100,
      max: 3_600_000,
      fallback: 10_000,
    }),
    checkpointIntervalMs: field.integer('TICKWELL_CHECKPOINT_INTERVAL_MS', {
      min: 50,
      max: 600_000,
      fallback: 2_000,
    }),
  });
}
