import { SILENT } from '@tickwell/ports';
import { eventLogContract } from '@tickwell/ports/contract';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createKafkaLog } from './index.ts';
import { createTopic } from './fixtures/real.ts';

const warnings: string[] = [];
const warn = (warning: Error): void => {
  warnings.push(`${warning.name}: ${warning.message}`);
};

beforeAll(() => {
  process.on('warning', warn);
});
afterAll(() => {
  process.off('warning', warn);
});

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

it('all of that makes Node warn of nothing (kafkajs alone: TimeoutNegativeWarning)', () => {
  expect(warnings).toEqual([]);
});
