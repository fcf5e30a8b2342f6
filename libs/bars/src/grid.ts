import { intervalEndNs, intervalStartNs, type Interval } from '@tickwell/domain';

/** Where a time lies among the bars of a grid. */
export type Slot =
  | {
      readonly kind: 'bar';
      /** The bar's start as it is named: midnight UTC of the session's date for bars of a day and longer. */
      readonly startNs: bigint;
      /** First time that belongs to the bar, and first time after it. A week of sessions has nights between. */
      readonly fromNs: bigint;
      readonly endNs: bigint;
      /** Around the time asked for, every time from `sinceNs` until before `untilNs` is in the bar. */
      readonly sinceNs: bigint;
      readonly untilNs: bigint;
    }
  /** Up to `untilNs` there is no bar: the market is closed, or the calendar does not reach there. */
  | { readonly kind: 'none'; readonly untilNs: bigint };

export type BarSlot = Extract<Slot, { kind: 'bar' }>;

/** How time is cut into bars. Bars do not overlap, and their starts as named ascend as they do. */
export interface BarGrid {
  /** Names the cut among others, in state and in messages: "" is UTC. */
  readonly id: string;
  readonly interval: Interval;
  slotAt(timeNs: bigint): Slot;
  /** The bar of a start as it is named; undefined: there is none. */
  slotOf(startNs: bigint): BarSlot | undefined;
}

/** Later than any time that is looked at. */
export const FAR_NS = 2n ** 62n;

/** Bars aligned to midnight UTC, to Monday, to the first of the month, around the clock. */
export function utcGrid(interval: Interval): BarGrid {
  const slotAt = (timeNs: bigint): BarSlot => {
    const startNs = intervalStartNs(interval, timeNs);
    const endNs = intervalEndNs(interval, startNs);
    return { kind: 'bar', startNs, fromNs: startNs, endNs, sinceNs: startNs, untilNs: endNs };
  };
  return { id: '', interval, slotAt, slotOf: slotAt };
}

/** The first bar at a time or after it; undefined: the calendar knows none. */
export function nextSlot(grid: BarGrid, timeNs: bigint): BarSlot | undefined {
  let slot = grid.slotAt(timeNs);
  // Behind a stretch without bars there is one, or the end of the calendar.
  for (let left = 2; slot.kind === 'none' && left > 0 && slot.untilNs < FAR_NS; left -= 1)
    slot = grid.slotAt(slot.untilNs);
  return slot.kind === 'bar' ? slot : undefined;
}
