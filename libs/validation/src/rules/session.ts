import type { Calendar } from '@tickwell/calendar';
import { formatNs, NS_PER_DAY, utcDateNumber, type Interval } from '@tickwell/domain';
import { SessionHours } from '../market/session-hours.ts';
import { infoOf, type MarketEvent, type MarketRule } from '../market-rule.ts';
import type { Kind } from '../rule.ts';
import { OUTSIDE_SESSION } from '../settings/catalogue.ts';

/** Of the calendar that the instrument names; without one it is not asked. */
export function outsideSession<C>(time: Kind<C>['timeNs']): MarketRule<C> {
  return {
    ...infoOf(
      OUTSIDE_SESSION,
      "Trade, or bar, at a time at which the instrument's calendar has no session, nor had one so shortly before or will have one so soon; a bar of a day without a session. Not asked where the instrument map names no calendar.",
    ),
    prepare: (rule) => {
      const minutes = { before: rule.number('beforeMinutes'), after: rule.number('afterMinutes') };
      const hours = new WeakMap<Calendar, SessionHours>();
      const hoursOf = (calendar: Calendar): SessionHours => {
        const known = hours.get(calendar) ?? new SessionHours(calendar, minutes);
        hours.set(calendar, known);
        return known;
      };
      return {
        broken: ({ columns, index, batch }) => {
          const { calendar } = batch.settings;
          return calendar !== undefined && !isUsual(hoursOf(calendar), time(columns, index), batch.interval);
        },
        explain: (event) => explain(event, time),
      };
    },
  };
}

function explain<C>({ columns, index, batch }: MarketEvent<C>, time: Kind<C>['timeNs']): string {
  return `calendar ${batch.settings.calendar?.id} has no session at ${formatNs(time(columns, index))}`;
}

/** A bar is usual where any of its time is; one of a day where there is a session. */
function isUsual(hours: SessionHours, timeNs: bigint, interval: Interval | undefined): boolean {
  if (interval === undefined) return hours.isUsual(timeNs);
  if (interval.kind !== 'fixed' || interval.lengthNs > NS_PER_DAY) return true;
  if (interval.lengthNs === NS_PER_DAY) return hours.isSession(utcDateNumber(timeNs));
  return hours.isUsual(timeNs) || hours.isUsual(timeNs + interval.lengthNs - 1n);
}
