import type { BarLength } from './bar-length.ts';
import { intervalStartNs } from './interval.ts';
import { NS_PER_DAY } from './time.ts';

/** Whether a source says that its bars go by the sessions of a calendar: "derived:ib@XNYS", "derived:ib@XNYS/all". */
export function isSessionSource(source: string): boolean {
  return /@[^@/]+(?:\/all)?$/.test(source);
}

/** Whether its days also hold what trades outside of the sessions, so that they go on into the next date: "derived:ib@XNYS/all". */
export function isAllHoursSource(source: string): boolean {
  return /@[^@]*\/all$/.test(source);
}

/**
 * Of bars that start before this time it is certain that they were over by `timeNs`; 0: of none, as what ends by what is traded does not say when.
 * Bars shorter than a day may start at any time, at a session's opening for example. With `allHours` days go on into the next date.
 */
export function overBeforeNs(length: BarLength, timeNs: bigint, { allHours = false } = {}): bigint {
  if (length.kind === 'threshold') return 0n;
  if (length.kind === 'fixed' && length.lengthNs < NS_PER_DAY) return timeNs - length.lengthNs + 1n;
  return intervalStartNs(length, allHours ? timeNs - NS_PER_DAY : timeNs);
}
