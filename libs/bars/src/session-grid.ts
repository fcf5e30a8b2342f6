import { addDays, type Calendar, type Session, type SessionDate } from '@tickwell/calendar';
import {
  intervalEndNs,
  intervalStartNs,
  NS_PER_DAY,
  NS_PER_SECOND,
  utcDateNumber,
  type Interval,
} from '@tickwell/domain';
import { FAR_NS, type BarGrid, type BarSlot, type Slot } from './grid.ts';

export interface SessionGridOptions {
  /**
   * `regular`: what trades outside of the sessions is in no bar. `all`: it belongs to the nearer session, and bars shorter than a day go on
   * from the close and back from the opening.
   */
  readonly hours: 'regular' | 'all';
  /** So long after a close trades still belong to its session's last bar: a closing auction is reported late. */
  readonly closingNs: bigint;
}

export const DEFAULT_SESSION_OPTIONS: SessionGridOptions = {
  hours: 'regular',
  closingNs: 120n * NS_PER_SECOND,
};

/** All the time that belongs to a session. */
interface Span extends Session {
  readonly fromNs: bigint;
  readonly untilNs: bigint;
}

type Place = Span | { readonly date: undefined; readonly untilNs: bigint };

/**
 * Bars by the sessions of a calendar. Bars shorter than a day begin at the session's opening, whatever the hour, and the last one ends with
 * it; a bar of a day is a session, one of a week or month all sessions whose dates lie in it, and these start, as named, at midnight UTC of the session's
 * date, of its Monday, of its first.
 */
export function sessionGrid(
  interval: Interval,
  calendar: Calendar,
  options: SessionGridOptions = DEFAULT_SESSION_OPTIONS,
): BarGrid {
  const clock = new SessionClock(calendar, options);
  const id = `${calendar.id}${options.hours === 'all' ? '/all' : ''}`;
  if (interval.kind === 'fixed' && interval.lengthNs < NS_PER_DAY) {
    const slotAt = (timeNs: bigint): Slot =>
      intradaySlot(clock.at(timeNs), timeNs, interval.lengthNs, options);
    return { id, interval, slotAt, slotOf: (startNs) => barOf(slotAt(startNs)) };
  }
  const groups = new SessionGroups(interval, calendar, clock);
  return {
    id,
    interval,
    slotAt: (timeNs) => {
      const place = clock.at(timeNs);
      if (place.date === undefined) return { kind: 'none', untilNs: place.untilNs };
      const group = groups.of(midnightOf(place.date));
      return group === undefined
        ? { kind: 'none', untilNs: place.untilNs }
        : { ...group, sinceNs: place.fromNs, untilNs: place.untilNs };
    },
    slotOf: (startNs) => groups.of(startNs),
  };
}

function barOf(slot: Slot): BarSlot | undefined {
  return slot.kind === 'bar' ? slot : undefined;
}

function intradaySlot(span: Place, timeNs: bigint, lengthNs: bigint, { hours }: SessionGridOptions): Slot {
  if (span.date === undefined) return { kind: 'none', untilNs: span.untilNs };
  const { openNs, closeNs } = span;
  const all = hours === 'all';
  if (all && timeNs >= closeNs) return cutSlot(closeNs, timeNs, lengthNs, [closeNs, span.untilNs]);
  if (all && timeNs < openNs) return cutSlot(openNs, timeNs, lengthNs, [span.fromNs, openNs]);
  // What is reported after the close is of the last bar.
  const inside = timeNs < closeNs ? timeNs : closeNs - 1n;
  const slot = cutSlot(openNs, inside, lengthNs, [openNs, closeNs]);
  return slot.endNs < closeNs || all ? slot : { ...slot, endNs: span.untilNs, untilNs: span.untilNs };
}

/** The bar of a length from an anchor on, or back from it, within bounds. */
function cutSlot(
  anchorNs: bigint,
  timeNs: bigint,
  lengthNs: bigint,
  [fromNs, untilNs]: readonly [bigint, bigint],
): BarSlot {
  const passed = timeNs - anchorNs;
  const rest = ((passed % lengthNs) + lengthNs) % lengthNs;
  const startNs = timeNs - rest;
  const endNs = startNs + lengthNs < untilNs ? startNs + lengthNs : untilNs;
  const first = startNs > fromNs ? startNs : fromNs;
  return { kind: 'bar', startNs: first, fromNs: first, endNs, sinceNs: first, untilNs: endNs };
}

/** Which session a time belongs to. */
class SessionClock {
  readonly #calendar: Calendar;
  readonly #options: SessionGridOptions;
  /** Answers are mostly of the session asked for last. */
  #last: Place & { readonly askedFromNs: bigint } = { date: undefined, untilNs: 0n, askedFromNs: 1n };

  constructor(calendar: Calendar, options: SessionGridOptions) {
    this.#calendar = calendar;
    this.#options = options;
  }

  at(timeNs: bigint): Place {
    const last = this.#last;
    if (timeNs >= last.askedFromNs && timeNs < last.untilNs) return last;
    const place = this.#find(timeNs);
    this.#last = { ...place, askedFromNs: place.date === undefined ? timeNs : place.fromNs };
    return place;
  }

  spanOf(session: Session): Span {
    const { openNs, closeNs } = session;
    const next = this.#calendar.nextOpen(closeNs - 1n);
    const before = this.#calendar.previousClose(openNs);
    const beforeNs = before.ok ? before.value : openNs;
    if (this.#options.hours === 'all') {
      const untilNs = next.ok ? middle(closeNs, next.value) : closeNs;
      return { ...session, fromNs: middle(beforeNs, openNs), untilNs };
    }
    const closedNs = closeNs + this.#options.closingNs;
    const untilNs = next.ok && closedNs < next.value ? closedNs : next.ok ? next.value : closeNs;
    return { ...session, fromNs: openNs, untilNs };
  }

  #find(timeNs: bigint): Place {
    const calendar = this.#calendar;
    for (const session of this.#near(timeNs)) {
      const span = this.spanOf(session);
      if (timeNs >= span.fromNs && timeNs < span.untilNs) return span;
    }
    const next = calendar.nextOpen(timeNs);
    if (next.ok) {
      const session = calendar.sessionAt(next.value);
      const untilNs =
        session.ok && session.value !== undefined ? this.spanOf(session.value).fromNs : next.value;
      return { date: undefined, untilNs: untilNs > timeNs ? untilNs : next.value };
    }
    const [first] = sessionsOf(calendar, calendar.firstDate, addDays(calendar.firstDate, 30));
    const firstNs = first === undefined ? FAR_NS : this.spanOf(first).fromNs;
    return { date: undefined, untilNs: timeNs < firstNs ? firstNs : FAR_NS };
  }

  /** The session of a time, the one before it and the one after. */
  *#near(timeNs: bigint): Generator<Session> {
    const calendar = this.#calendar;
    const times = [timeNs];
    const close = calendar.previousClose(timeNs);
    if (close.ok) times.push(close.value - 1n);
    const open = calendar.nextOpen(timeNs);
    if (open.ok) times.push(open.value);
    for (const time of times) {
      const session = calendar.sessionAt(time);
      if (session.ok && session.value !== undefined) yield session.value;
    }
  }
}

/** Days, weeks and months of sessions. */
class SessionGroups {
  readonly #interval: Interval;
  readonly #calendar: Calendar;
  readonly #clock: SessionClock;
  #last: BarSlot | undefined;

  constructor(interval: Interval, calendar: Calendar, clock: SessionClock) {
    this.#interval = interval;
    this.#calendar = calendar;
    this.#clock = clock;
  }

  /** The bar of a date, at midnight UTC; undefined: it has no session. */
  of(dateNs: bigint): BarSlot | undefined {
    const startNs = intervalStartNs(this.#interval, dateNs);
    if (this.#last?.startNs === startNs) return this.#last;
    const { firstDate, lastDate } = this.#calendar;
    const from = utcDateNumber(startNs);
    const to = utcDateNumber(intervalEndNs(this.#interval, startNs) - 1n);
    const sessions = sessionsOf(
      this.#calendar,
      from < firstDate ? firstDate : from,
      to > lastDate ? lastDate : to,
    );
    const [first] = sessions;
    const last = sessions.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const { fromNs } = this.#clock.spanOf(first);
    const { untilNs: endNs } = this.#clock.spanOf(last);
    this.#last = { kind: 'bar', startNs, fromNs, endNs, sinceNs: fromNs, untilNs: endNs };
    return this.#last;
  }
}

function sessionsOf(calendar: Calendar, from: SessionDate, to: SessionDate): readonly Session[] {
  if (from > to) return [];
  const found = calendar.sessions(from, to);
  return found.ok ? [...found.value] : [];
}

/** Midnight UTC of a date. */
function midnightOf(date: SessionDate): bigint {
  return (
    BigInt(Date.UTC(Math.floor(date / 10_000), (Math.floor(date / 100) % 100) - 1, date % 100)) * 1_000_000n
  );
}

/** Half way, on the minute. */
function middle(fromNs: bigint, toNs: bigint): bigint {
  const minuteNs = 60n * NS_PER_SECOND;
  const half = (fromNs + toNs) / 2n;
  return half - (half % minuteNs);
}
