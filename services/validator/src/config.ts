import { field, readConfig, RUNTIME_FIELDS, type Env, type RuntimeConfig } from '@tickwell/runtime';

export interface ValidatorConfig extends RuntimeConfig {
  readonly kafkaBrokers: readonly string[];
  /** Copies with the same group share the work. */
  readonly groupId: string;
  readonly checkpointIntervalMs: number;
}

/** @throws ConfigError with every problem at once. */
export function readValidatorConfig(env: Env): ValidatorConfig {
  return readConfig<ValidatorConfig>(env, {
    ...RUNTIME_FIELDS,
    kafkaBrokers: field.list('TICKWELL_KAFKA_BROKERS'),
    groupId: field.text('TICKWELL_VALIDATOR_GROUP', 'tickwell-validator'),
    checkpointIntervalMs: field.integer('TICKWELL_CHECKPOINT_INTERVAL_MS', {
      min: 50,
      max: 600_000,
      fallback: 2_000,
    }),
  });
}
