import { randomUUID } from 'node:crypto';
import type { TopicSpec } from '@tickwell/contracts';
import { SILENT } from '@tickwell/ports';
import { createKafkaLog } from './log.ts';

/** Makes a topic with a name of its own and returns the name. */
export async function createTopic(brokers: readonly string[], spec: Partial<TopicSpec>): Promise<string> {
  const name = `test.${randomUUID()}`;
  const log = createKafkaLog({ brokers, clientId: 'fixtures', logger: SILENT });
  try {
    await log.ensureTopics([topicSpec({ name, ...spec })]);
  } finally {
    await log.close();
  }
  return name;
}

export function topicSpec(spec: Partial<TopicSpec>): TopicSpec {
  return {
    name: 'test',
    key: 'any',
    type: 'tickwell.events.v1.TickBatch',
    partitions: 1,
    cleanup: 'delete',
    retentionMs: 86_400_000,
    purpose: 'a test',
    ...spec,
  };
}
