import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { ALL_TOPICS } from '@tickwell/contracts';
import { SILENT } from '@tickwell/ports';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createClient } from './connection.ts';
import { topicSpec } from './fixtures/real.ts';
import { createKafkaLog } from './index.ts';
import type { KafkaLog } from './index.ts';
import { withDefaults } from './options.ts';

const brokers = inject('stack').kafkaBrokers;
let log: KafkaLog;

beforeAll(() => {
  log = createKafkaLog({ brokers, clientId: 'topics', logger: SILENT });
});
afterAll(() => log.close());

it('creates the whole catalogue, finds it right the next time, and by several processes at once', async () => {
  const prefix = `test.${randomUUID()}.`;
  const catalogue = ALL_TOPICS.map((spec) => ({ ...spec, name: prefix + spec.name }));
  await Promise.all([log.ensureTopics(catalogue), log.ensureTopics(catalogue)]);
  await log.ensureTopics(catalogue);
  for (const { name, partitions } of catalogue) {
    expect((await log.describeTopic(name)).partitions).toHaveLength(partitions);
  }
});

it('names every difference between a topic and the catalogue, and the fix', async () => {
  const one = topicSpec({
    name: `test.${randomUUID()}`,
    partitions: 2,
    cleanup: 'compact',
    retentionMs: null,
  });
  const two = topicSpec({ name: `test.${randomUUID()}`, retentionMs: 1_000 });
  await log.ensureTopics([one, two]);
  const wanted = [
    { ...one, partitions: 4, cleanup: 'delete' as const },
    { ...two, retentionMs: 86_400_000 },
  ];
  const mismatch: unknown = await log.ensureTopics(wanted).catch((error: unknown) => error);
  expect(mismatch).toMatchObject({ code: 'topic-mismatch', retryable: false });
  const message = String(mismatch);
  expect(message).toContain(`${one.name} has 2 partitions and the catalogue wants 4`);
  expect(message).toContain(`${one.name} has cleanup.policy=compact and the catalogue wants delete`);
  expect(message).toContain(`${two.name} has retention.ms=1000 and the catalogue wants 86400000`);
  expect(message).toContain(`--entity-name ${two.name} --add-config retention.ms=86400000`);
  expect(message).not.toContain('\n');
});

it('has another epoch after a topic was deleted and made anew', async () => {
  const spec = topicSpec({ name: `test.${randomUUID()}` });
  await log.ensureTopics([spec]);
  const { epoch } = await log.describeTopic(spec.name);
  const client = createClient(withDefaults({ brokers, clientId: 'delete', logger: SILENT }));
  const admin = client.kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [spec.name] });
  await admin.disconnect();
  await log.ensureTopics([spec]);
  expect((await log.describeTopic(spec.name)).epoch).not.toBe(epoch);
});

it('raises what a record may have in a topic that is there, and leaves its other settings', async () => {
  const small = topicSpec({ name: `test.${randomUUID()}`, retentionMs: 86_400_000 });
  await log.ensureTopics([small]);
  const client = createClient(withDefaults({ brokers, clientId: 'limits', logger: SILENT }));
  const admin = client.kafka.admin();
  await admin.connect();
  const settingOf = async (name: string): Promise<string | undefined> => {
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type, name: small.name, configNames: [name] }],
    });
    return resources[0]?.configEntries[0]?.configValue;
  };
  try {
    await log.ensureTopics([{ ...small, maxRecordBytes: 8 * 1024 * 1024 }]);
    await expect.poll(() => settingOf('max.message.bytes')).toBe(String(8 * 1024 * 1024 + 4096));
    expect(await settingOf('retention.ms')).toBe('86400000');
  } finally {
    await admin.disconnect();
    client.destroy();
  }
});
