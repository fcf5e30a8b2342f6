import { connect } from '@tickwell/client';
import { createKafkaLog } from '@tickwell/kafka';
import { queryConnection, runService, systemClock } from '@tickwell/runtime';
import { readIndicatorsConfig } from './config.ts';
import { INDICATORS_TOPICS, IndicatorsService } from './service.ts';

await runService({
  name: 'indicators',
  env: process.env,
  readConfig: readIndicatorsConfig,
  build: async (config, logger) => {
    const query = connect(queryConnection(config));
    const log = createKafkaLog({ brokers: config.kafkaBrokers, clientId: 'tickwell-indicators', logger });
    await log.ensureTopics(INDICATORS_TOPICS);
    return new IndicatorsService(config, { log, logger, query, clock: systemClock });
  },
});
