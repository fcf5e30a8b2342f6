import { err, formatNs, ok, type Interval, type Result } from '@tickwell/domain';
import type { CalendarData } from './data.ts';
import { countBars, dailyRuns, fixedRuns, startsOf, type ExpectedRun } from './expected.ts';
import { sessionDateText, type SessionDate } from './session-date.ts';
import { buildTable, dayOfDate, FIRST_DAY, LAST_DAY, type SessionTable } from './table.ts';
import { firstAbove } from './search.ts';

const MINUTE_NS = 60_000_000_000n;
const DAY_MINUTES = 1440;
const FIRST_NS = BigInt(FIRST_DAY * DAY_MINUTES) * MINUTE_NS;
/** First time that is not covered. */
const END_NS = BigInt((LAST_DAY + 1) * DAY_MINUTES) * MINUTE_NS;
const OPEN = ok(true);
const CLOSED = ok(false);

/** One trading session. Times are ns since the epoch; it is open from `openNs` until before `closeNs`, but for its breaks. */
export interface Session {
  /** yyyymmdd, as daily bars carry it: of futures and currencies the day on which it ends. */
  readonly date: SessionDate;
  readonly openNs: bigint;
  readonly closeNs: bigint;
  readonly breaks: readonly { readonly startNs: bigint; readonly endNs: bigint }[];
  /** Other hours than the regular ones: a late opening or an early close. */
  readonly isSpecial: boolean;
}

/**
 * The sessions of an exchange from 2000-01-01 to 2030-12-31. What lies outside is an error and never a guess. All sessions are
 * computed at the first use (30 to 120 ms of CPU, half a megabyte); after that a question is a binary search, and one about a
 * time near the last one asked a comparison.
 */
export class Calendar {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  /** Where the facts are from. */
  readonly source: string;
  readonly firstDate: SessionDate = dateOfDay(FIRST_DAY);
  readonly lastDate: SessionDate = dateOfDay(LAST_DAY);
  readonly #table: SessionTable;
  /** The stretch of time around the last question in which the answer is the same. */
  #nearFromNs = 0n;
  #nearToNs = 0n;
  #nearIsOpen = false;

  constructor(data: CalendarData) {
    this.id = data.id;
    this.name = data.name;
    this.timeZone = data.zone;
    this.source = data.source;
    this.#table = buildTable(data);
  }

  isSession(date: SessionDate): Result<boolean, string> {
    const day = this.#dayOf(date);
    return day.ok ? ok(this.#indexOn(day.value) >= 0) : day;
  }

  /** Undefined: none on that date. */
  sessionOn(date: SessionDate): Result<Session | undefined, string> {
    const day = this.#dayOf(date);
    if (!day.ok) return day;
    const index = this.#indexOn(day.value);
    return ok(index < 0 ? undefined : this.#session(index));
  }

  /** Sessions from one date to another, both included. Nothing is made before it is asked for. */
  sessions(from: SessionDate, to: SessionDate): Result<Iterable<Session>, string> {
    const range = this.#sessionRange(from, to);
    return range.ok ? ok(this.#iterate(...range.value)) : range;
  }

  /** How many sessions there are from one date to another, both included. */
  sessionCount(from: SessionDate, to: SessionDate): Result<number, string> {
    const range = this.#sessionRange(from, to);
    return range.ok ? ok(Math.max(0, range.value[1] - range.value[0])) : range;
  }

  /** Whether the market trades at a time: within a session and not in its break. */
  isOpenAt(timeNs: bigint): Result<boolean, string> {
    if (timeNs < this.#nearFromNs || timeNs >= this.#nearToNs) {
      if (!isCovered(timeNs)) return this.#uncovered(timeNs);
      this.#look(minuteOf(timeNs));
    }
    return this.#nearIsOpen ? OPEN : CLOSED;
  }

  /** The session that a time falls into, its breaks included. Undefined: it is between two. */
  sessionAt(timeNs: bigint): Result<Session | undefined, string> {
    const index = this.#indexAt(timeNs);
    if (!index.ok) return index;
    return ok(index.value < 0 ? undefined : this.#session(index.value));
  }

  /** Date of the session that a time falls into: of futures the next day, from the evening on. Undefined: between two sessions. */
  sessionDateOf(timeNs: bigint): Result<SessionDate | undefined, string> {
    const index = this.#indexAt(timeNs);
    if (!index.ok) return index;
    return ok(index.value < 0 ? undefined : this.#dateOf(index.value));
  }

  /**
   * Date of the session that a time belongs to: the one that it falls into or, between two, the next. What trades after the close counts
   * for the next day, and a bar may start before the open. An error where no session comes any more.
   */
  tradeDateOf(timeNs: bigint): Result<SessionDate, string> {
    if (!isCovered(timeNs)) return this.#uncovered(timeNs);
    const minute = minuteOf(timeNs);
    const { days } = this.#table;
    const index = firstAbove(days.length, (at) => this.#closeOf(at) > minute);
    return index === days.length ? err(`${this.#span()}: no session closes later`) : ok(this.#dateOf(index));
  }

  /** Opening of the first session that opens after a time. */
  nextOpen(timeNs: bigint): Result<bigint, string> {
    if (!isCovered(timeNs)) return this.#uncovered(timeNs);
    const minute = minuteOf(timeNs);
    const index = firstAbove(this.#table.days.length, (at) => this.#openOf(at) > minute);
    if (index === this.#table.days.length) return err(`${this.#span()}: no session opens later`);
    return ok(toNs(this.#openOf(index)));
  }

  /** Close of the last session that closed at a time or before. */
  previousClose(timeNs: bigint): Result<bigint, string> {
    if (!isCovered(timeNs)) return this.#uncovered(timeNs);
    const minute = minuteOf(timeNs);
    const index = firstAbove(this.#table.days.length, (at) => this.#closeOf(at) > minute) - 1;
    if (index < 0) return err(`${this.#span()}: no session closed earlier`);
    return ok(toNs(this.#closeOf(index)));
  }

  /** For how long (ns) the market trades between two times: how stale what was last heard at `fromNs` is at `toNs`. */
  openNsBetween(fromNs: bigint, toNs: bigint): Result<bigint, string> {
    const start = this.#openNsBefore(fromNs);
    const end = this.#openNsBefore(toNs);
    if (!start.ok) return start;
    if (!end.ok) return end;
    return ok(end.value > start.value ? end.value - start.value : 0n);
  }

  /**
   * Starts (ns) of the bars that a market which trades in every interval has: those that start in `fromNs ≤ start < toNs` and
   * hold some time of a session. Bars of a day start at midnight UTC of the session's date, those of a week on its
   * Monday, those of a month on its first. Lazy, in order, each once.
   */
  expectedStarts(interval: Interval, fromNs: bigint, toNs: bigint): Result<Iterable<bigint>, string> {
    const runs = this.expectedRuns(interval, fromNs, toNs);
    return runs.ok ? ok(startsOf(runs.value)) : runs;
  }

  /** The same as runs of bars one after another, which costs as much as there are sessions. */
  expectedRuns(interval: Interval, fromNs: bigint, toNs: bigint): Result<Iterable<ExpectedRun>, string> {
    if (fromNs < FIRST_NS || fromNs > END_NS) return this.#uncovered(fromNs);
    if (toNs < FIRST_NS || toNs > END_NS) return this.#uncovered(toNs);
    if (interval.kind === 'fixed' && interval.lengthNs < 86_400_000_000_000n)
      return ok(fixedRuns(this.#table, interval.lengthNs, fromNs, toNs));
    return ok(dailyRuns(this.#table, interval, fromNs, toNs));
  }

  /** How many there are, without making them: the cost is that of the sessions in the range. */
  expectedCount(interval: Interval, fromNs: bigint, toNs: bigint): Result<number, string> {
    const runs = this.expectedRuns(interval, fromNs, toNs);
    return runs.ok ? ok(countBars(runs.value)) : runs;
  }

  #look(minute: number): void {
    const { starts, ends } = this.#table;
    const next = firstAbove(starts.length, (at) => (starts[at] ?? 0) > minute);
    const end = next === 0 ? FIRST_DAY * DAY_MINUTES : (ends[next - 1] ?? 0);
    this.#nearIsOpen = next > 0 && minute < end;
    this.#nearFromNs = toNs(
      this.#nearIsOpen ? (starts[next - 1] ?? 0) : Math.max(end, FIRST_DAY * DAY_MINUTES),
    );
    this.#nearToNs = toNs(this.#nearIsOpen ? end : (starts[next] ?? (LAST_DAY + 1) * DAY_MINUTES));
  }

  #openNsBefore(timeNs: bigint): Result<bigint, string> {
    if (timeNs !== END_NS && !isCovered(timeNs)) return this.#uncovered(timeNs);
    const { starts, ends, openBefore } = this.#table;
    const minute = minuteOf(timeNs);
    const at = firstAbove(starts.length, (index) => (starts[index] ?? 0) > minute) - 1;
    if (at < 0) return ok(0n);
    const start = toNs(starts[at] ?? 0);
    const length = toNs(ends[at] ?? 0) - start;
    const passed = timeNs - start;
    return ok(toNs(openBefore[at] ?? 0) + (passed < length ? passed : length));
  }

  #indexAt(timeNs: bigint): Result<number, string> {
    if (!isCovered(timeNs)) return this.#uncovered(timeNs);
    const minute = minuteOf(timeNs);
    const index = firstAbove(this.#table.days.length, (at) => this.#openOf(at) > minute) - 1;
    return ok(index >= 0 && minute < this.#closeOf(index) ? index : -1);
  }

  #dayOf(date: SessionDate): Result<number, string> {
    const day = dayOfDate(date);
    if (!(day >= FIRST_DAY && day <= LAST_DAY)) return err(`${this.#span()}, not ${sessionDateText(date)}`);
    return dateOfDay(day) === date ? ok(day) : err(`${sessionDateText(date)} is not a date that exists`);
  }

  #sessionRange(from: SessionDate, to: SessionDate): Result<readonly [from: number, to: number], string> {
    const first = this.#dayOf(from);
    const last = this.#dayOf(to);
    if (!first.ok) return first;
    if (!last.ok) return last;
    const { days } = this.#table;
    return ok([
      firstAbove(days.length, (at) => (days[at] ?? 0) >= first.value),
      firstAbove(days.length, (at) => (days[at] ?? 0) > last.value),
    ]);
  }

  *#iterate(from: number, to: number): Generator<Session> {
    for (let index = from; index < to; index += 1) yield this.#session(index);
  }

  #indexOn(day: number): number {
    return this.#table.sessionOfDay[day - FIRST_DAY] ?? -1;
  }

  #openOf(index: number): number {
    const { starts, firstStretch } = this.#table;
    return starts[firstStretch[index] ?? 0] ?? 0;
  }

  #closeOf(index: number): number {
    const { ends, firstStretch } = this.#table;
    return ends[(firstStretch[index + 1] ?? 0) - 1] ?? 0;
  }

  #dateOf(index: number): SessionDate {
    return dateOfDay(this.#table.days[index] ?? 0);
  }

  #session(index: number): Session {
    const { firstStretch, starts, ends, isSpecial } = this.#table;
    const breaks: { startNs: bigint; endNs: bigint }[] = [];
    for (let at = (firstStretch[index] ?? 0) + 1; at < (firstStretch[index + 1] ?? 0); at += 1)
      breaks.push({ startNs: toNs(ends[at - 1] ?? 0), endNs: toNs(starts[at] ?? 0) });
    return {
      date: this.#dateOf(index),
      openNs: toNs(this.#openOf(index)),
      closeNs: toNs(this.#closeOf(index)),
      breaks,
      isSpecial: isSpecial[index] === 1,
    };
  }

  #uncovered(timeNs: bigint): Result<never, string> {
    return err(`${this.#span()}, not ${formatNs(timeNs)}`);
  }

  #span(): string {
    return `calendar ${this.id} knows ${sessionDateText(this.firstDate)} to ${sessionDateText(this.lastDate)}`;
  }
}

function isCovered(timeNs: bigint): boolean {
  return timeNs >= FIRST_NS && timeNs < END_NS;
}

/** Exact for covered times, which are after 1970. */
function minuteOf(timeNs: bigint): number {
  return Number(timeNs / MINUTE_NS);
}

function toNs(minute: number): bigint {
  return BigInt(minute) * MINUTE_NS;
}

function dateOfDay(day: number): SessionDate {
  const date = new Date(day * 86_400_000);
  return date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}
