import { peekHeader } from '@tickwell/contracts';
import { CauseMarks } from '@tickwell/domain';
import type { EventLog, TopicPartition } from '@tickwell/ports';
import type { CommitTracker } from './commit-tracker.ts';

/** Records read again before an offset to know which causes came before it, where no commit says so. */
const LOOKBACK_RECORDS = 20_000n;

export interface SeedPlace extends TopicPartition {
  readonly epoch: string;
  readonly beginOffset: bigint;
  readonly offset: bigint;
}

/**
 * The cause marks of everything in a partition below an offset: those of the nearest commit below it, advanced over the records
 * between. A writer repeats itself only within what was not durable when it died, which is far less than the lookback.
 */
export async function seedMarks(
  log: EventLog,
  commits: CommitTracker,
  place: SeedPlace,
  signal: AbortSignal,
): Promise<CauseMarks> {
  const { topic, partition, epoch, beginOffset, offset } = place;
  const commit = commits.below(topic, partition, epoch, offset);
  const marks = new CauseMarks(commit?.marks);
  const lookback = offset - LOOKBACK_RECORDS;
  const earliest = lookback > beginOffset ? lookback : beginOffset;
  const fromOffset = commit !== undefined && commit.nextOffset > earliest ? commit.nextOffset : earliest;
  if (fromOffset >= offset) return marks;
  for await (const records of log.readRange({ topic, partition, fromOffset, toOffset: offset, signal })) {
    for (const { value } of records) {
      const header = value === null ? undefined : peekHeader(value);
      if (header !== undefined) marks.advance(header.cause);
    }
  }
  return marks;
}
