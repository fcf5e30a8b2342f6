import { Kafka, logLevel } from 'kafkajs';
import type { StackEndpoints } from '@tickwell/local-stack';
import { until } from './wait.ts';

/** In the order of the flow: once a group has read everything, what it wrote is durable for the next one to read. */
const GROUPS = ['tickwell-validator', 'tickwell-indicators', 'tickwell-storage'];

/** The reconciler of monitor, for tests whose policies have bars reconciled: what it writes is stored, too. */
export const RECONCILE_GROUP = 'tickwell-monitor-reconcile';

/** Waits until every group has processed and committed all there is, upstream first. `first`: groups beside those of every test. */
export async function untilDrained(
  endpoints: Pick<StackEndpoints, 'kafkaBrokers'>,
  first: readonly string[] = [],
): Promise<void> {
  const admin = new Kafka({ brokers: [...endpoints.kafkaBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    // Twice over the list: bars that indicators wrote are its own input, too.
    const [validator = '', ...others] = GROUPS;
    const groups = [validator, ...first, ...others];
    for (const groupId of [...groups, ...groups]) {
      await until(
        `lag of ${groupId}`,
        () => lagOf(admin, groupId),
        (lag) => lag === 0,
      );
    }
  } finally {
    await admin.disconnect();
  }
}

async function lagOf(admin: ReturnType<Kafka['admin']>, groupId: string): Promise<number> {
  const committed = await admin.fetchOffsets({ groupId });
  let lag = 0;
  for (const { topic, partitions } of committed) {
    const ends = new Map(
      (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]),
    );
    for (const { partition, offset } of partitions) {
      lag += (ends.get(partition) ?? 0) - Math.max(0, Number(offset));
    }
  }
  return lag;
}
