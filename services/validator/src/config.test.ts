import { ConfigError } from '@tickwell/runtime';
import { expect, it } from 'vitest';
import { readValidatorConfig } from './config.ts';

it('needs the brokers and nothing else', () => {
  const config = readValidatorConfig({ TICKWELL_KAFKA_BROKERS: '127.0.0.1:9092, 127.0.0.1:9093' });
  expect(config).toMatchObject({
    kafkaBrokers: ['127.0.0.1:9092', '127.0.0.1:9093'],
    groupId: 'tickwell-validator',
    checkpointIntervalMs: 2_000,
  });
  expect(Object.isFrozen(config)).toBe(true);
});

it('names everything that is wrong at once', () => {
  const read = (): unknown => readValidatorConfig({ TICKWELL_CHECKPOINT_INTERVAL_MS: 'soon' });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/TICKWELL_KAFKA_BROKERS: is required\nTICKWELL_CHECKPOINT_INTERVAL_MS="soon"/);
});
