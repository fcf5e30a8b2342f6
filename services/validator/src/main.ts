import { createKafkaLog } from '@tickwell/kafka';
import { runService, systemClock } from '@tickwell/runtime';
import { readValidatorConfig } from './config.ts';
import { VALIDATOR_TOPICS, ValidatorService } from './service.ts';

await runService({
  name: 'validator',
  env: process.env,
  readConfig: readValidatorConfig,
  build: async (config, logger) => {
    const log = createKafkaLog({ brokers: config.kafkaBrokers, clientId: 'tickwell-validator', logger });
    await log.ensureTopics(VALIDATOR_TOPICS);
    return new ValidatorService(config, { log, logger, clock: systemClock });
  },
});
