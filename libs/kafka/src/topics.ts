// The default import is all of it: Node does not see every name of this CommonJS module.
import kafkajs from 'kafkajs';
import type { Admin, ITopicConfig } from 'kafkajs';
import { TickwellError } from '@tickwell/domain';
import { MAX_RECORD_BYTES, type TopicSpec } from '@tickwell/contracts';
import type { TopicDescription } from '@tickwell/ports';
import type { ClusterConnection } from './connection.ts';
import { groupBroker, request } from './broker.ts';
import { describeTopics } from './describe.ts';
import { alterTopicConfigsRequest } from './protocol/alter-configs.ts';
import { errorName } from './protocol/error-codes.ts';
import { whileTransient } from './retry.ts';

const MIB = 1024 * 1024;
/**
 * Only closed segments are compacted. State topics are read whole at every start, so they close segments early and are cleaned often;
 * with Kafka's defaults (1 GiB or 7 days) they would grow for a week first. What is younger than a minute is not compacted: a writer that
 * lost its partition and did not notice may write an older state last, and readers, who take the furthest, must still find the newer one.
 */
const COMPACTED: Readonly<Record<string, string>> = {
  'segment.ms': '600000',
  'segment.bytes': String(16 * MIB),
  'min.cleanable.dirty.ratio': '0.2',
  'min.compaction.lag.ms': '60000',
  'max.compaction.lag.ms': '3600000',
  'delete.retention.ms': '86400000',
};

const DAY_MS = 86_400_000;
const MIN_SEGMENT_MS = 60_000;

/** The settings that the catalogue decides and an existing topic must have. */
const CHECKED = ['cleanup.policy', 'retention.ms'] as const;
/** Raised where a topic is there with less: nothing that is in it changes by that. */
const RECORD_LIMIT = 'max.message.bytes';

/** Creates what is missing, then compares what is there with the catalogue. Rejects with `topic-mismatch`, naming every difference. */
export async function ensureTopics(
  admin: Admin,
  connection: ClusterConnection,
  catalogue: readonly TopicSpec[],
): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = catalogue.filter(({ name }) => !existing.has(name));
  if (missing.length > 0) await createTopics(admin, missing);
  // A topic that was just made is known, led and readable a moment later; whoever comes next should not have to know that.
  const found = await whileTransient(() => describeNew(connection, catalogue));
  const configs = await topicConfigs(admin, catalogue);
  const differences = compare(catalogue, found, configs);
  if (differences.length > 0) {
    throw new TickwellError('topic-mismatch', differences.join('; '));
  }
  await raiseRecordLimits(connection, catalogue, configs);
}

type Configs = ReadonlyMap<string, ReadonlyMap<string, string>>;

async function raiseRecordLimits(
  connection: ClusterConnection,
  catalogue: readonly TopicSpec[],
  configs: Configs,
): Promise<void> {
  const low = catalogue.filter(
    (spec) => Number(configs.get(spec.name)?.get(RECORD_LIMIT)) < Number(recordLimit(spec)),
  );
  if (low.length === 0) return;
  const changes = low.map((spec) => ({ topic: spec.name, name: RECORD_LIMIT, value: recordLimit(spec) }));
  const answers = await connection.use([], async (cluster) =>
    request(groupBroker(await cluster.findControllerBroker()), alterTopicConfigsRequest(changes)),
  );
  for (const { topic, errorCode, message } of answers) {
    if (errorCode === 0) continue;
    throw new TickwellError(
      'topic-mismatch',
      `topic ${topic}: Kafka refuses to raise ${RECORD_LIMIT} (${errorName(errorCode)}${message === '' ? '' : `: ${message}`})`,
    );
  }
}

/** What a record has beside its key, headers and value, and its batch: allowed for generously. */
const BATCH_OVERHEAD_BYTES = 4 * 1024;

function recordLimit(spec: TopicSpec): string {
  const bytes = spec.maxRecordBytes ?? MAX_RECORD_BYTES;
  return String(spec.maxRecordBytes === undefined ? bytes : bytes + BATCH_OVERHEAD_BYTES);
}

async function describeNew(
  connection: ClusterConnection,
  catalogue: readonly TopicSpec[],
): Promise<TopicDescription[]> {
  try {
    return await describeTopics(
      connection,
      catalogue.map(({ name }) => name),
    );
  } catch (error) {
    if (!(error instanceof TickwellError) || error.code !== 'topic-missing') throw error;
    throw new TickwellError(error.code, error.message, { cause: error, retryable: true });
  }
}

async function createTopics(admin: Admin, specs: readonly TopicSpec[]): Promise<void> {
  try {
    await admin.createTopics({ topics: specs.map(topicConfig), waitForLeaders: false });
  } catch (error) {
    // Another process was faster: whatever it made is compared next.
    if (!alreadyThere(error)) throw error;
  }
}

function alreadyThere(error: unknown): boolean {
  const errors: unknown[] =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  return errors.every(
    (each) => each instanceof Error && 'type' in each && each.type === 'TOPIC_ALREADY_EXISTS',
  );
}

/** What a missing topic is made with. Of the settings only those of {@link CHECKED} are compared later: topics that are there keep the others. */
export function topicConfig(spec: TopicSpec): ITopicConfig {
  const config: Record<string, string> = {
    'cleanup.policy': spec.cleanup,
    'retention.ms': wantedRetention(spec),
    [RECORD_LIMIT]: recordLimit(spec),
    ...(spec.cleanup === 'compact' ? COMPACTED : shortSegments(spec.retentionMs)),
  };
  return {
    topic: spec.name,
    numPartitions: spec.partitions,
    // -1: the broker's default (Kafka 2.4 and later), so that a cluster of three keeps three.
    replicationFactor: -1,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  };
}

/** Kafka deletes whole segments, and by default begins a new one after 1 GiB or 7 days: what is to be kept for less than a day needs shorter ones. */
function shortSegments(retentionMs: number | null): Readonly<Record<string, string>> {
  if (retentionMs === null || retentionMs >= DAY_MS) return {};
  return { 'segment.ms': String(Math.max(MIN_SEGMENT_MS, Math.ceil(retentionMs / 4))) };
}

function wantedRetention(spec: TopicSpec): string {
  return String(spec.retentionMs ?? -1);
}

function compare(
  catalogue: readonly TopicSpec[],
  found: readonly TopicDescription[],
  configs: Configs,
): string[] {
  const partitions = new Map(found.map((topic) => [topic.topic, topic.partitions.length]));
  return catalogue.flatMap((spec) => {
    const config = configs.get(spec.name);
    return [
      ...partitionDifference(spec, partitions.get(spec.name) ?? 0),
      ...configDifference(spec, 'cleanup.policy', config?.get('cleanup.policy'), spec.cleanup),
      // A compacted topic is not subject to retention.
      ...(spec.cleanup === 'compact'
        ? []
        : configDifference(spec, 'retention.ms', config?.get('retention.ms'), wantedRetention(spec))),
    ];
  });
}

async function topicConfigs(admin: Admin, catalogue: readonly TopicSpec[]): Promise<Configs> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: catalogue.map(({ name }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: [...CHECKED, RECORD_LIMIT],
    })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}

/** Keys would move to other partitions, so a topic is never given more of them. */
function partitionDifference(spec: TopicSpec, found: number): string[] {
  if (found === spec.partitions) return [];
  return [
    `topic ${spec.name} has ${found} partitions and the catalogue wants ${spec.partitions}: ` +
      `partition counts are fixed, so move its data away and delete the topic, or use another Kafka`,
  ];
}

function configDifference(
  spec: TopicSpec,
  name: string,
  found: string | undefined,
  wanted: string,
): string[] {
  if (found === wanted) return [];
  return [
    `topic ${spec.name} has ${name}=${found ?? '(unknown)'} and the catalogue wants ${wanted}: ` +
      `kafka-configs.sh --alter --entity-type topics --entity-name ${spec.name} --add-config ${name}=${wanted}`,
  ];
}
