import { intervalEndNs, intervalStartNs, NS_PER_DAY, NS_PER_MS, type Interval } from '@tickwell/domain';

/** Whether bars of an interval go by days: their starts differ between sources, their dates do not. */
export function isOfDays(interval: Interval): boolean {
  return interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY;
}

/**
 * Where a bar is on an axis that several symbols share: its start, of a day and longer midnight UTC of its session date (of the week's Monday, of the
 * first of the month), so that a day in Frankfurt meets the same day in New York. `sessionDate` is yyyymmdd; left out: the date of the start.
 */
export function axisTimeNs(interval: Interval, startNs: bigint, sessionDate: number | undefined): bigint {
  if (!isOfDays(interval)) return startNs;
  return intervalStartNs(interval, sessionDate === undefined ? startNs : midnightNs(sessionDate));
}

/**
 * When a bar is over for certain, before which nobody could know it: its end; of a day and longer the end of its last date in UTC (of bars that hold what
 * trades outside of the sessions a day later); without a session date no sooner than a day after its start.
 */
export function knownFromNs(
  interval: Interval,
  startNs: bigint,
  { sessionDate, allHours }: { readonly sessionDate: number | undefined; readonly allHours: boolean },
): bigint {
  if (!isOfDays(interval)) return intervalEndNs(interval, startNs);
  const endNs = intervalEndNs(interval, axisTimeNs(interval, startNs, sessionDate));
  const dayAfterNs = sessionDate === undefined ? startNs + NS_PER_DAY : endNs;
  return (dayAfterNs > endNs ? dayAfterNs : endNs) + (allHours ? NS_PER_DAY : 0n);
}

function midnightNs(sessionDate: number): bigint {
  const year = Math.floor(sessionDate / 10_000);
  const month = Math.floor(sessionDate / 100) % 100;
  return BigInt(Date.UTC(year, month - 1, sessionDate % 100)) * NS_PER_MS;
}
