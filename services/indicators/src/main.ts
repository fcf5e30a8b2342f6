import { connect } from '@tickwell/client';
import { addIndicatorModules, INDICATOR_MODULES } from '@tickwell/indicator-modules';
import { createKafkaLog } from '@tickwell/kafka';
import { queryConnection, runService, systemClock } from '@tickwell/runtime';
import { readIndicatorsConfig } from './config.ts';
import { INDICATORS_TOPICS, IndicatorsService } from './service.ts';

/** Before the configuration is read: it may name their indicators. */
const modules = await addIndicatorModules(process.env[INDICATOR_MODULES] ?? '');

await runService({
  name: 'indicators',
  env: process.env,
  readConfig: (env) => readIndicatorsConfig(env, modules),
  build: async (config, logger) => {
    const query = connect(queryConnection(config));
    const log = createKafkaLog({ brokers: config.kafkaBrokers, clientId: 'tickwell-indicators', logger });
    await log.ensureTopics(INDICATORS_TOPICS);
    return new IndicatorsService(config, { log, logger, query, clock: systemClock });
  },
});
