import { TOPICS, type BarsPin, type TopicPosition } from '@tickwell/contracts';
import type { EventLog } from '@tickwell/ports';
import type { CommitTracker } from '../commit-tracker.ts';

interface Parts {
  readonly log: Pick<EventLog, 'describeTopic'>;
  readonly commits: Pick<CommitTracker, 'newest'>;
  readonly nowNs: () => bigint;
}

/** What the store holds now, by its commits: what comes later, however early it was known, has later offsets. */
export async function pinNow({ log, commits, nowNs }: Parts, asOfNs: bigint): Promise<BarsPin> {
  const positionOf = async (topic: string): Promise<TopicPosition> => {
    const { epoch, partitions } = await log.describeTopic(topic);
    const inOrder = partitions.toSorted((a, b) => a.partition - b.partition);
    const offsets = inOrder.map(({ partition }) => commits.newest(topic, partition, epoch)?.nextOffset ?? 0n);
    return { epoch, offsets };
  };
  const [bars, actions] = await Promise.all([TOPICS.bars.name, TOPICS.actions.name].map(positionOf));
  if (bars === undefined || actions === undefined) throw new Error('two topics have two positions');
  return { asOfNs: asOfNs === 0n ? nowNs() : asOfNs, bars, actions };
}
