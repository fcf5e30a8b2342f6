import { TOPICS } from '@tickwell/contracts';
import type { KafkaLog } from '@tickwell/kafka';
import type { TopicDescription } from '@tickwell/ports';
import { TickwellError } from '@tickwell/domain';
import { waitFor } from './wait.ts';

type ConsumerName = 'validator' | 'indicators' | 'storage';

interface Consumer {
  readonly name: ConsumerName;
  /** The variable that renames its group, and the name it has otherwise. */
  readonly variable: string;
  readonly group: string;
  readonly topics: readonly string[];
}

const names = (...topics: readonly { readonly name: string }[]): string[] => topics.map(({ name }) => name);

/** Who reads what, upstream first. Each commits a position only once what came before it is durable further on. */
export const CONSUMERS: readonly Consumer[] = [
  {
    name: 'validator',
    variable: 'TICKWELL_VALIDATOR_GROUP',
    group: 'tickwell-validator',
    topics: names(
      TOPICS.rawTicks,
      TOPICS.rawBars,
      TOPICS.rawFundamentals,
      TOPICS.rawActions,
      TOPICS.rawRefused,
      TOPICS.rawHoles,
    ),
  },
  {
    name: 'indicators',
    variable: 'TICKWELL_INDICATORS_GROUP',
    group: 'tickwell-indicators',
    topics: names(TOPICS.ticks, TOPICS.bars),
  },
  {
    name: 'storage',
    variable: 'TICKWELL_STORAGE_GROUP',
    group: 'tickwell-storage',
    topics: names(
      TOPICS.ticks,
      TOPICS.bars,
      TOPICS.indicators,
      TOPICS.fundamentals,
      TOPICS.actions,
      TOPICS.portfolio,
      TOPICS.quality,
      TOPICS.coverage,
      TOPICS.reconciliations,
      TOPICS.deadLetters,
      TOPICS.deadLetterResolutions,
      TOPICS.sourceStatus,
      TOPICS.alerts,
    ),
  },
];

export type Lags = Readonly<Record<ConsumerName, bigint>>;

/**
 * Records that each consumer has not finished with, by what it committed. When all are 0 at once, everything that was in the log
 * when this was called has gone through and is stored: positions are read before the ends, and each is committed after its effects.
 */
export async function consumerLags(
  log: KafkaLog,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Lags> {
  const groups = CONSUMERS.map((consumer) => env[consumer.variable] ?? consumer.group);
  const positions = await log.groupPositions(groups);
  const committed = new Map(
    positions.map(({ groupId, topic, partition, offset }) => [`${groupId} ${topic}/${partition}`, offset]),
  );
  const topics = [...new Set(CONSUMERS.flatMap((consumer) => consumer.topics))];
  const described = await Promise.all(topics.map((topic) => log.describeTopic(topic)));
  const byName = new Map(described.map((topic) => [topic.topic, topic]));
  const lagOf = (at: number): bigint =>
    (CONSUMERS[at]?.topics ?? []).reduce(
      (sum, topic) => sum + topicLag(byName.get(topic), (place) => committed.get(`${groups[at]} ${place}`)),
      0n,
    );
  return { validator: lagOf(0), indicators: lagOf(1), storage: lagOf(2) };
}

/** Records between what is committed, or the first one kept, and the end. */
export function topicLag(
  topic: TopicDescription | undefined,
  committed: (place: string) => bigint | undefined,
): bigint {
  if (topic === undefined) return 0n;
  return topic.partitions.reduce((sum, { partition, beginOffset, endOffset }) => {
    const position = committed(`${topic.topic}/${partition}`) ?? beginOffset;
    const from = position > beginOffset ? position : beginOffset;
    return endOffset > from ? sum + endOffset - from : sum;
  }, 0n);
}

export interface SettleOptions {
  readonly log: KafkaLog;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly deadlineMs: number;
  readonly onLags?: (lags: Lags) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Waits until everything in the log has been validated and stored. Rejects with `not-settled`, naming who is behind. */
export async function waitUntilSettled(options: SettleOptions): Promise<void> {
  let last: Lags | undefined;
  const settled = await waitFor(
    async () => {
      last = await consumerLags(options.log, options.env);
      options.onLags?.(last);
      return Object.values(last).every((lag) => lag === 0n) ? true : undefined;
    },
    { deadlineMs: options.deadlineMs, everyMs: 100, signal: options.signal },
  );
  if (settled === true || options.signal?.aborted === true) return;
  const behind = last === undefined ? '' : lagsText(last);
  throw new TickwellError(
    'not-settled',
    `not everything is stored after ${Math.round(options.deadlineMs / 1000)} s: ${behind}; "tickwell status" shows the services`,
    { retryable: true },
  );
}

/** "validator 12, storage 3 records behind" */
export function lagsText(lags: Lags): string {
  const behind = CONSUMERS.filter(({ name }) => lags[name] > 0n).map(({ name }) => `${name} ${lags[name]}`);
  return behind.length === 0 ? 'nobody is behind' : `${behind.join(', ')} records behind`;
}
