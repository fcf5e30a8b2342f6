import { ALL_TABLES } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { createQuestdbWriter, ensureSchema, parsePgUrl } from '@tickwell/questdb';
import { runService, systemClock } from '@tickwell/runtime';
import { readStorageConfig } from './config.ts';
import { StorageService } from './service.ts';

await runService({
  name: 'storage',
  env: process.env,
  readConfig: readStorageConfig,
  build: (config, logger) => {
    const pg = parsePgUrl(config.questdbPgUrl.href);
    if (pg === undefined)
      throw new Error('TICKWELL_QUESTDB_PG_URL names no host: postgres://user:password@host:port/database');
    const endpoints = { httpUrl: config.questdbHttpUrl.href, pg };
    const writer = createQuestdbWriter({ endpoints, tables: ALL_TABLES });
    const log = createKafkaLog({
      brokers: config.kafkaBrokers,
      clientId: 'tickwell-storage',
      logger,
      // Partitions rest while the store is away, which is retried and shown here; restarting would help nobody.
      watchdogMs: 15 * 60_000,
    });
    const prepareStore = (): Promise<void> => ensureSchema({ pg, tables: ALL_TABLES });
    const { options } = config;
    return Promise.resolve(
      new StorageService({ log, writer, prepareStore, clock: systemClock, logger, options }),
    );
  },
});
