import { ALL_TOPICS } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { KafkaLog } from '@tickwell/kafka';
import type { LogRecord, TopicDescription } from '@tickwell/ports';
import { isAbout } from './record-text.ts';

/** Beyond every offset: a range up to it goes on as the log grows. */
const FOR_EVER = 2n ** 62n;

export interface TailOptions {
  readonly topic: string;
  /** An offset is that of every partition read. */
  readonly from: 'earliest' | 'latest' | bigint;
  /** Left out: all of them. */
  readonly partition?: number | undefined;
  readonly symbol?: string | undefined;
  /** Ends after so many records. */
  readonly count?: number | undefined;
  /** False: ends at what was the end when it began. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly onRecord: (record: LogRecord) => Promise<void>;
}

/** Reads a topic until `count`, the end or the signal. Resolves with the number of records shown. */
export async function tailTopic(log: KafkaLog, options: TailOptions): Promise<number> {
  const enough = new AbortController();
  const signal = AbortSignal.any([options.signal, enough.signal]);
  let shown = 0;
  const take = async (records: readonly LogRecord[]): Promise<void> => {
    for (const record of records) {
      if (signal.aborted) return;
      if (options.symbol !== undefined && !isAbout(record, options.symbol)) continue;
      // Counted first: partitions are read side by side, and the others look while this one is being shown.
      shown += 1;
      if (shown === options.count) enough.abort();
      await options.onRecord(record);
    }
  };
  const description = await describe(log, options.topic);
  const ranges = rangesOf(description, options);
  const read = async (range: (typeof ranges)[number]): Promise<void> => {
    for await (const records of log.readRange({ ...range, signal })) await take(records);
  };
  // What ends is shown partition by partition, what follows as it comes.
  if (options.follow) await Promise.all(ranges.map(read));
  else for (const range of ranges) await read(range);
  return shown;
}

function rangesOf(
  { topic, partitions }: TopicDescription,
  { from, partition, follow }: TailOptions,
): { topic: string; partition: number; fromOffset: bigint; toOffset: bigint }[] {
  const wanted = partitions.filter((each) => partition === undefined || each.partition === partition);
  if (wanted.length === 0) {
    throw new TickwellError(
      'invalid-argument',
      `topic ${topic} has no partition ${partition}: it has 0 to ${partitions.length - 1}`,
    );
  }
  return wanted.map(({ partition: at, beginOffset, endOffset }) => ({
    topic,
    partition: at,
    fromOffset: from === 'earliest' ? beginOffset : from === 'latest' ? endOffset : from,
    toOffset: follow ? FOR_EVER : endOffset,
  }));
}

async function describe(log: KafkaLog, topic: string): Promise<TopicDescription> {
  try {
    return await log.describeTopic(topic);
  } catch (error) {
    if (!(error instanceof TickwellError) || error.code !== 'topic-missing') throw error;
    const names = ALL_TOPICS.map(({ name }) => name).join(', ');
    throw new TickwellError('topic-missing', `there is no topic "${topic}": topics are ${names}`, {
      cause: error,
    });
  }
}
