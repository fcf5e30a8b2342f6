import { Kafka, logLevel, type Admin } from 'kafkajs';
import type { StackEndpoints } from '@tickwell/local-stack';
import { until } from './wait.ts';

/** In the order of the flow: once a group has read everything, what it wrote is durable for the next one to read. */
const GROUPS = ['tickwell-validator', 'tickwell-indicators', 'tickwell-storage'];

/** The reconciler of monitor, for tests whose policies have bars reconciled: what it writes is stored, too. */
export const RECONCILE_GROUP = 'tickwell-monitor-reconcile';

/** Waits until every group has processed and committed all there is, upstream first. `first`: groups beside those of every test; `deadlineMs`: of each. */
export async function untilDrained(
  endpoints: Pick<StackEndpoints, 'kafkaBrokers'>,
  first: readonly string[] = [],
  deadlineMs?: number,
): Promise<void> {
  const admin = await connectAdmin(endpoints);
  try {
    // Twice over the list: bars that indicators wrote are its own input, too.
    const [validator = '', ...others] = GROUPS;
    const groups = [validator, ...first, ...others];
    for (const groupId of [...groups, ...groups]) {
      await until(
        `lag of ${groupId}`,
        () => lagOf(admin, groupId),
        (lag) => lag === 0,
        deadlineMs,
      );
    }
  } finally {
    await admin.disconnect();
  }
}

async function lagOf(admin: Admin, groupId: string): Promise<number> {
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

/** Next offset of every partition of some topics, by topic and partition. */
export async function endOffsets(
  endpoints: Pick<StackEndpoints, 'kafkaBrokers'>,
  topics: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const admin = await connectAdmin(endpoints);
  try {
    const ends = new Map<string, bigint>();
    for (const topic of topics) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        ends.set(`${topic}/${partition}`, BigInt(high));
    }
    return ends;
  } finally {
    await admin.disconnect();
  }
}

/** Waits for a broker that is being started again. */
async function connectAdmin({ kafkaBrokers }: Pick<StackEndpoints, 'kafkaBrokers'>): Promise<Admin> {
  const retry = { retries: 20, maxRetryTime: 2_000 };
  const admin = new Kafka({ brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING, retry }).admin();
  await admin.connect();
  return admin;
}
