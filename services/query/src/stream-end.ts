import { setTimeout as pause } from 'node:timers/promises';
import { TickwellError } from '@tickwell/domain';
import type { EventLog, TopicPartition } from '@tickwell/ports';
import type { CommitTracker } from './commit-tracker.ts';
import { partitionKey, type LiveHub } from './live-hub.ts';
import { TOPIC_OF_KIND } from './market-record.ts';
import type { Position } from './response.ts';

/** Longest wait for the store to hold what a stream has sent. */
const STORED_WAIT_MS = 120_000;
const LOOK_EVERY_MS = 50;

/** Where the log ends now, in some partitions. */
export async function logEnds(log: EventLog, places: readonly TopicPartition[]): Promise<Position[]> {
  const topics = new Set(places.map(({ topic }) => topic));
  const descriptions = await Promise.all([...topics].map((topic) => log.describeTopic(topic)));
  return places.map(({ topic, partition }) => {
    const description = descriptions.find((one) => one.topic === topic);
    const end = description?.partitions.find((one) => one.partition === partition)?.endOffset;
    if (description === undefined || end === undefined) throw new Error(`no partition ${topic}/${partition}`);
    return { topic, partition, epoch: description.epoch, nextOffset: end };
  });
}

/** Resolves once the store holds everything below the positions, or the signal fires; rejects with `deadline-exceeded`. */
export async function untilStored(
  commits: CommitTracker,
  hub: LiveHub,
  ends: readonly Position[],
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = performance.now() + STORED_WAIT_MS;
  for (;;) {
    const behind = ends.find((end) => !isStored(commits, hub, end));
    if (behind === undefined || signal.aborted) return;
    if (performance.now() > deadlineMs) {
      throw new TickwellError(
        'deadline-exceeded',
        `until.stored: after ${STORED_WAIT_MS / 1_000} s the store does not hold ${partitionKey(behind)} up to offset ${behind.nextOffset}: see whether storage runs`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** Nothing is committed where nothing ever was, and what goes on is not stored. */
function isStored(
  commits: CommitTracker,
  hub: LiveHub,
  { topic, partition, epoch, nextOffset }: Position,
): boolean {
  if (topic === TOPIC_OF_KIND['forming-bars']) return true;
  if (nextOffset <= (hub.partition({ topic, partition })?.beginOffset ?? 0n)) return true;
  return (commits.newest(topic, partition, epoch)?.nextOffset ?? 0n) >= nextOffset;
}
