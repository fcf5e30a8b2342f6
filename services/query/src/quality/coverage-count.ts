import type { Calendar, Session, SessionDate } from '@tickwell/calendar';
import {
  intervalEndNs,
  intervalStartNs,
  ok,
  utcDateNumber,
  type Interval,
  type Result,
} from '@tickwell/domain';

const DAY_NS = 86_400_000_000_000n;

/** What of one series is to be judged: bars that start in `fromNs ≤ start < toNs`. */
export interface CoverageOf {
  readonly calendar: Calendar;
  readonly interval: Interval;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** Most gaps to remember; the others are counted. */
  readonly maxGaps: number;
}

/** Expected bars, none of which is there: from the start of the first to the end of the last. */
export interface Gap {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly missing: number;
}

interface DayCount {
  readonly date: SessionDate;
  readonly expected: number;
  readonly arrived: number;
}

export interface Coverage {
  readonly expected: number;
  readonly arrived: number;
  /** Bars outside the sessions. */
  readonly outside: number;
  readonly days: readonly DayCount[];
  readonly gaps: readonly Gap[];
  readonly gapCount: number;
}

interface Day {
  readonly date: SessionDate;
  /** A bar that starts before it, and not in an earlier day, is of this day. */
  readonly endNs: bigint;
  readonly expected: number;
  arrived: number;
}

/** Counts the bars of a series against the sessions of a calendar. Memory: the days and the gaps, not the bars. */
export class CoverageCount {
  readonly #of: CoverageOf;
  readonly #days: readonly Day[];
  readonly #gaps: Gap[] = [];
  #day = 0;
  /** Start of the last bar. */
  #lastNs: bigint;
  #arrived = 0;
  #outside = 0;
  #gapCount = 0;
  #gap: Gap | undefined;

  /** The error says why the calendar cannot judge the range. */
  static start(of: CoverageOf): Result<CoverageCount, string> {
    const days = daysOf(of);
    return days.ok ? ok(new CoverageCount(of, days.value)) : days;
  }

  private constructor(of: CoverageOf, days: readonly Day[]) {
    this.#of = of;
    this.#days = days;
    this.#lastNs = of.fromNs - 1n;
  }

  /** Starts of bars in order; what was there before (of another source, another version) counts once. */
  add(startsNs: readonly bigint[]): void {
    const { toNs } = this.#of;
    for (const startNs of startsNs) {
      if (startNs <= this.#lastNs || startNs >= toNs) continue;
      // Bars lie on a grid: between one and its end there is no other.
      if (this.#arrived === 0 || startNs > this.#nextNs()) this.#miss(startNs);
      this.#lastNs = startNs;
      this.#take(startNs);
    }
  }

  finish(): Coverage {
    this.#miss(this.#of.toNs);
    this.#endGap();
    return {
      expected: this.#days.reduce((sum, { expected }) => sum + expected, 0),
      arrived: this.#arrived,
      outside: this.#outside,
      days: this.#days.map(({ date, expected, arrived }) => ({ date, expected, arrived })),
      gaps: this.#gaps,
      gapCount: this.#gapCount,
    };
  }

  #nextNs(): bigint {
    const { interval } = this.#of;
    return intervalEndNs(interval, intervalStartNs(interval, this.#lastNs));
  }

  #take(startNs: bigint): void {
    if (!this.#isExpected(startNs)) {
      this.#outside += 1;
      return;
    }
    this.#endGap();
    this.#arrived += 1;
    while (startNs >= (this.#days[this.#day]?.endNs ?? startNs + 1n)) this.#day += 1;
    const day = this.#days[this.#day];
    if (day !== undefined) day.arrived += 1;
  }

  #isExpected(startNs: bigint): boolean {
    const { calendar, interval } = this.#of;
    if (isPartOfDay(interval) && startNs % interval.lengthNs === 0n) {
      const open = calendar.isOpenAt(startNs);
      if (open.ok && open.value) return true;
    }
    const count = calendar.expectedCount(interval, startNs, startNs + 1n);
    return count.ok && count.value === 1;
  }

  /** Every expected bar after the last one and before a time is missing. */
  #miss(toNs: bigint): void {
    const { calendar, interval } = this.#of;
    const runs = calendar.expectedRuns(interval, this.#lastNs + 1n, toNs);
    for (const { startNs, count, stepNs } of runs.ok ? runs.value : []) {
      const endNs = intervalEndNs(interval, startNs + BigInt(count - 1) * stepNs);
      this.#gap = {
        startNs: this.#gap?.startNs ?? startNs,
        endNs,
        missing: (this.#gap?.missing ?? 0) + count,
      };
    }
  }

  #endGap(): void {
    if (this.#gap === undefined) return;
    this.#gapCount += 1;
    if (this.#gaps.length < this.#of.maxGaps) this.#gaps.push(this.#gap);
    this.#gap = undefined;
  }
}

function isPartOfDay(interval: Interval): interval is Interval & { readonly kind: 'fixed' } {
  return interval.kind === 'fixed' && interval.lengthNs < DAY_NS;
}

function daysOf(of: CoverageOf): Result<readonly Day[], string> {
  return isPartOfDay(of.interval) ? sessionDays(of) : barDays(of);
}

/** One per bar of a day and longer. */
function barDays({ calendar, interval, fromNs, toNs }: CoverageOf): Result<readonly Day[], string> {
  const starts = calendar.expectedStarts(interval, fromNs, toNs);
  if (!starts.ok) return starts;
  return ok(
    Array.from(starts.value, (startNs) => ({
      date: utcDateNumber(startNs),
      endNs: startNs + 1n,
      expected: 1,
      arrived: 0,
    })),
  );
}

/** One per session: its bars are those that start after the close of the one before. */
function sessionDays(of: CoverageOf): Result<readonly Day[], string> {
  const { calendar, interval, fromNs, toNs } = of;
  const inRange = calendar.expectedCount(interval, fromNs, toNs);
  if (!inRange.ok) return inRange;
  const sessions = sessionsOf(of);
  if (!sessions.ok) return sessions;
  const days: Day[] = [];
  let atNs = fromNs;
  for (const { date, closeNs } of sessions.value) {
    if (atNs >= toNs) break;
    const endNs = closeNs < toNs ? closeNs : toNs;
    const expected = endNs > atNs ? calendar.expectedCount(interval, atNs, endNs) : ok(0);
    if (!expected.ok) return expected;
    if (expected.value > 0) days.push({ date, endNs: closeNs, expected: expected.value, arrived: 0 });
    if (endNs > atNs) atNs = endNs;
  }
  return ok(days);
}

/** Sessions that a range can touch: that of the evening of its last day is named after the next. */
function sessionsOf({ calendar, fromNs, toNs }: CoverageOf): Result<Iterable<Session>, string> {
  const date = utcDateNumber(toNs + DAY_NS);
  return calendar.sessions(utcDateNumber(fromNs), date > calendar.lastDate ? calendar.lastDate : date);
}
