import { randomUUID } from 'node:crypto';
import { TOPICS } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT } from '@tickwell/ports';
import { inject } from 'vitest';
import { documentsContract } from './fixtures/documents-contract.ts';

documentsContract('Kafka', () => {
  const { kafkaBrokers } = inject('stack');
  const open = (): ReturnType<typeof createKafkaLog> =>
    createKafkaLog({ brokers: kafkaBrokers, clientId: 'config-test', logger: SILENT });
  return {
    open,
    createTopic: async () => {
      const name = `test.config.${randomUUID()}`;
      const log = open();
      await log.ensureTopics([{ ...TOPICS.config, name }]);
      await log.close();
      return name;
    },
  };
});
