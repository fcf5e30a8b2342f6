import { TickwellError } from '@tickwell/domain';
import type { TopicDescription, TopicPartition } from '@tickwell/ports';
import type { CommitTracker } from './commit-tracker.ts';
import type { Position } from './response.ts';

interface Bounds extends TopicPartition {
  readonly epoch: string;
  readonly beginOffset: bigint;
  readonly endOffset: bigint;
}

/**
 * Where a client goes on. Its positions must be of the topics as they are now (`position-of-deleted-topic`), still kept
 * (`position-expired`) and complete (`invalid-argument`); those of partitions that hold nothing for it are not looked at.
 */
export function startAfter(
  given: readonly Position[],
  topics: readonly TopicDescription[],
  places: readonly TopicPartition[],
  what = 'from.after',
): Position[] {
  return places.map((place) => {
    const bounds = boundsOf(place, topics);
    const name = `${place.topic}/${place.partition}`;
    const position = given.find((one) => one.topic === place.topic && one.partition === place.partition);
    if (position === undefined) {
      throw new TickwellError(
        'invalid-argument',
        `${what} lacks ${name}: send the position of the last live marker with every later change applied`,
      );
    }
    const { epoch, nextOffset } = position;
    if (epoch !== bounds.epoch) {
      throw new TickwellError(
        'position-of-deleted-topic',
        `${what}: positions of ${place.topic} belong to a topic that was deleted and made anew: subscribe again with since_ns`,
      );
    }
    if (nextOffset < bounds.beginOffset) {
      throw new TickwellError(
        'position-expired',
        `${what}: ${name} is kept from offset ${bounds.beginOffset} on, ${nextOffset} is gone: subscribe again with since_ns`,
      );
    }
    if (nextOffset > bounds.endOffset) {
      throw new TickwellError(
        'out-of-range',
        `${what}: ${name} ends at offset ${bounds.endOffset}, before ${nextOffset}: send back a position that the stream sent`,
      );
    }
    return { ...place, epoch, nextOffset };
  });
}

/** Where the store ends and the log takes over. Without a commit everything the log keeps comes from the log. */
export function startAtCommits(
  commits: CommitTracker,
  topics: readonly TopicDescription[],
  places: readonly TopicPartition[],
): Position[] {
  return places.map((place) => {
    const { topic, partition, epoch, beginOffset } = boundsOf(place, topics);
    const commit = commits.newest(topic, partition, epoch);
    if (commit !== undefined && commit.nextOffset < beginOffset) {
      throw new TickwellError(
        'store-incomplete',
        `the store ends at offset ${commit.nextOffset} of ${topic}/${partition} and the log begins at ${beginOffset}: what lay between is lost`,
      );
    }
    return { topic, partition, epoch, nextOffset: commit?.nextOffset ?? beginOffset };
  });
}

/** Whether a position lies beyond the end of its partition as described. */
export function isAhead(position: Position, topics: readonly TopicDescription[]): boolean {
  const { partitions } = topics.find((one) => one.topic === position.topic) ?? { partitions: [] };
  const bounds = partitions.find((one) => one.partition === position.partition);
  return bounds !== undefined && position.nextOffset > bounds.endOffset;
}

function boundsOf(place: TopicPartition, topics: readonly TopicDescription[]): Bounds {
  const description = topics.find((one) => one.topic === place.topic);
  const bounds = description?.partitions.find((one) => one.partition === place.partition);
  if (description === undefined || bounds === undefined)
    throw new Error(`no partition ${place.topic}/${place.partition}`);
  return { ...place, epoch: description.epoch, beginOffset: bounds.beginOffset, endOffset: bounds.endOffset };
}
