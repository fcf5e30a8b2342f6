import { connect } from '@tickwell/client';
import { ConfigReader } from '@tickwell/config';
import { ALL_TOPICS } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { createNotifier } from '@tickwell/notify';
import { queryConnection, runService, systemClock } from '@tickwell/runtime';
import { AlertTask } from './alerts/alert-task.ts';
import { QuerySources } from './alerts/query-sources.ts';
import { readMonitorConfig } from './config.ts';
import { ReconcileService } from './reconcile/reconcile-service.ts';
import { RepairTask } from './repair/repair-task.ts';
import { MonitorService } from './service.ts';

await runService({
  name: 'monitor',
  env: process.env,
  readConfig: readMonitorConfig,
  build: async (config, logger) => {
    const query = connect(queryConnection(config));
    const log = createKafkaLog({ brokers: config.kafkaBrokers, clientId: 'tickwell-monitor', logger });
    await log.ensureTopics(ALL_TOPICS);
    const documents = new ConfigReader({ log, logger });
    const alerts = new AlertTask({
      ...{ log, config: documents, clock: systemClock, logger, intervalMs: config.alertsIntervalMs },
      sources: new QuerySources(query),
      notifierOf: (channel) => createNotifier(channel, { env: process.env, logger }),
    });
    const reconcile = new ReconcileService({
      log: createKafkaLog({ brokers: config.kafkaBrokers, clientId: 'tickwell-monitor-reconcile', logger }),
      clock: systemClock,
      logger,
      groupId: `${config.groupId}-reconcile`,
      checkpointIntervalMs: config.checkpointIntervalMs,
    });
    return new MonitorService({
      log,
      clock: systemClock,
      logger,
      groupId: config.groupId,
      config: documents,
      query,
      tasks: [new RepairTask({ log, config: documents, query, clock: systemClock, logger }), alerts],
      hosted: [reconcile],
    });
  },
});
