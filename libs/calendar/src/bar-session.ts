import { ok, utcDateNumber, type Interval, type Result } from '@tickwell/domain';
import type { Calendar } from './calendar.ts';
import type { SessionDate } from './session-date.ts';

const DAY_NS = 86_400_000_000_000n;

/**
 * Date of the session that a bar belongs to, which indicators by session need (`sessionDate`): of bars of a day and longer the date they
 * start on, as the store has it, of shorter ones {@link Calendar.tradeDateOf} their start. An error outside the calendar's years.
 */
export function barSessionDate(
  calendar: Calendar,
  interval: Interval,
  startNs: bigint,
): Result<SessionDate, string> {
  if (interval.kind !== 'fixed' || interval.lengthNs >= DAY_NS) return ok(utcDateNumber(startNs));
  return calendar.tradeDateOf(startNs);
}
