import { formatNs } from '@tickwell/domain';
import type { EventRule } from '../rule.ts';

const NS_PER_HOUR = 3_600_000_000_000n;

/** 1971-01-01T00:00:00Z. */
const OLDEST_NS = 31_536_000_000_000_000n;

/** How far event time may run ahead of the moment it became known; a session date may be a day ahead of UTC. */
export const FUTURE_ALLOWANCE_HOURS = 24;

type TimeOf<C> = (columns: C, index: number) => bigint;

/**
 * Refuses everything before 1971. The store holds nothing before 1970, and a time in 1970 is a missing one (0) or a wrong
 * unit: today's dates in seconds, milliseconds or microseconds, read as nanoseconds, all fall in January 1970.
 */
export function timeTooOld<C>(time: TimeOf<C>): EventRule<C> {
  return {
    id: 'time-too-old',
    severity: 'reject',
    description:
      'Event time is before 1971: a missing time (0), a wrong unit, or older than the store can hold.',
    parameters: { oldest: formatNs(OLDEST_NS) },
    broken: (columns, index) => time(columns, index) < OLDEST_NS,
    explain: (columns, index) =>
      `time ${formatNs(time(columns, index))} is before ${formatNs(OLDEST_NS)}, a missing time or a wrong unit`,
  };
}

/** Refuses event times further ahead of the time the batch became known than the allowance. */
export function timeInFuture<C>(time: TimeOf<C>, allowanceHours: number): EventRule<C> {
  const allowanceNs = BigInt(allowanceHours) * NS_PER_HOUR;
  return {
    id: 'time-in-future',
    severity: 'reject',
    description:
      'Event time is further ahead of the time the event became known (header and log, never a wall clock) than the allowance.',
    parameters: { allowanceHours },
    // Nearly every event is behind the reference: the first comparison spares them an allocation.
    broken: (columns, index, _stream, batch) =>
      time(columns, index) > batch.referenceNs && time(columns, index) - allowanceNs > batch.referenceNs,
    explain: (columns, index, _stream, batch) =>
      `time ${formatNs(time(columns, index))} is more than ${allowanceHours} h after ${formatNs(batch.referenceNs)}, when it became known`,
  };
}

/**
 * A watermark that can be trusted. Ingest derives it from the last event of a batch, and where that event was refused for its
 * time the claim is wrong, and would close every bar up to then. Such a claim falls back to the last accepted time: what comes
 * later in the stream and is older would be refused for its order.
 */
export function soundWatermark(claimNs: bigint, referenceNs: bigint, lastAcceptedNs: bigint): bigint {
  const latestNs = referenceNs + BigInt(FUTURE_ALLOWANCE_HOURS) * NS_PER_HOUR;
  return claimNs > latestNs ? lastAcceptedNs : claimNs;
}
