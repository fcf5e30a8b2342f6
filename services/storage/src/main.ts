import { ALL_TABLES } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { createQuestdbWriter, ensureSchema } from '@tickwell/questdb';
import { runService } from '@tickwell/runtime';
import { readStorageConfig } from './config.ts';
import { StorageService } from './service.ts';
import { systemClock } from './system-clock.ts';

await runService({
  name: 'storage',
  env: process.env,
  readConfig: readStorageConfig,
  build: (config, logger) => {
    const writer = createQuestdbWriter({ endpoints: config.questdb, tables: ALL_TABLES });
    const log = createKafkaLog({
      brokers: config.kafkaBrokers,
      clientId: 'tickwell-storage',
      logger,
      // Partitions rest while the store is away, which is retried and shown here; restarting would help nobody.
      watchdogMs: 15 * 60_000,
    });
    const prepareStore = (): Promise<void> => ensureSchema({ pg: config.questdb.pg, tables: ALL_TABLES });
    const { options } = config;
    return Promise.resolve(
      new StorageService({ log, writer, prepareStore, clock: systemClock, logger, options }),
    );
  },
});
