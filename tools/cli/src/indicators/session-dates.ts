import type { Calendar } from '@tickwell/calendar';
import { utcDateNumber } from '@tickwell/domain';
import type { TableFrame } from '@tickwell/validation';

const DAY_NS = 86_400_000_000_000n;

/**
 * Date of each row's session, NaN where the calendar does not reach. Bars whose times are all midnights, as they are written, are of days or
 * longer and say it themselves. Undefined: rows within days, and no calendar.
 */
export function sessionDates(
  { frame, wallNs }: TableFrame,
  calendar: Calendar | undefined,
): Float64Array | undefined {
  if (wallNs.every((time) => time % DAY_NS === 0n)) return Float64Array.from(wallNs, utcDateNumber);
  if (calendar === undefined) return undefined;
  return Float64Array.from(frame.timeNs, (time) => {
    const date = calendar.tradeDateOf(time);
    return date.ok ? date.value : NaN;
  });
}
