import { SILENT } from '@tickwell/ports';
import { eventLogContract } from '@tickwell/ports/contract';
import { inject } from 'vitest';
import { createKafkaLog } from './index.ts';
import { createTopic } from './real-fixtures.ts';

eventLogContract('Kafka', () => {
  const { kafkaBrokers } = inject('stack');
  const open = (): ReturnType<typeof createKafkaLog> =>
    createKafkaLog({ brokers: kafkaBrokers, clientId: 'contract', logger: SILENT, sessionTimeoutMs: 3_000 });
  return Promise.resolve({
    openLog: open,
    createTopic: (partitions) => createTopic(kafkaBrokers, { partitions }),
    close: () => Promise.resolve(),
  });
});
