import type { Calendar } from '@tickwell/calendar';
import { formatNs, intervalEndNs, ok, parseInterval, type Interval, type Result } from '@tickwell/domain';
import type { NewestEvent } from '@tickwell/ports';

const SECOND_NS = 1_000_000_000n;
const HOUR_NS = 3_600n * SECOND_NS;
const DAY_NS = 24n * HOUR_NS;

export type FreshnessState = 'fresh' | 'late' | 'stale' | 'closed' | 'unknown' | 'ended';

/** How much may be overdue. */
export interface Thresholds {
  readonly lateAfterNs: bigint;
  readonly staleAfterNs: bigint;
}

export type FreshnessSeries = Pick<NewestEvent, 'kind' | 'interval' | 'eventNs'>;

export interface FreshnessContext {
  /** The one of the series; the error says how to name one. */
  readonly calendar: Result<Calendar, string>;
  readonly nowNs: bigint;
  /** The series is of an import that is over. */
  readonly isEnded: boolean;
  readonly thresholds: Thresholds;
}

export interface Freshness {
  readonly state: FreshnessState;
  readonly ageNs: bigint;
  readonly overdueNs: bigint;
  /** "" where it is fresh. */
  readonly reason: string;
}

interface Overdue {
  /** 0n: nothing is overdue. */
  readonly ns: bigint;
  /** What was to come; texts cost more than all the rest. */
  readonly what: () => string;
}

const NOTHING = ok<Overdue>({ ns: 0n, what: () => '' });

/** By kind and interval: ticks a minute and five; bars one and three of their intervals, but no less than that; daily ones 6 and 24 hours. */
export function defaultThresholds({ kind, interval }: Pick<NewestEvent, 'kind' | 'interval'>): Thresholds {
  const parsed = kind === 'bars' ? parseInterval(interval) : undefined;
  if (parsed?.ok !== true) return { lateAfterNs: 60n * SECOND_NS, staleAfterNs: 300n * SECOND_NS };
  if (!isPartOfDay(parsed.value)) return { lateAfterNs: 6n * HOUR_NS, staleAfterNs: DAY_NS };
  const { lengthNs } = parsed.value;
  return {
    lateAfterNs: max(60n * SECOND_NS, lengthNs),
    staleAfterNs: max(300n * SECOND_NS, 3n * lengthNs),
  };
}

/** How old the newest event of a series is, and whether something should have come by now. */
export function judgeFreshness(series: FreshnessSeries, context: FreshnessContext): Freshness {
  const { calendar, nowNs, isEnded } = context;
  const interval = series.kind === 'bars' ? parseInterval(series.interval) : ok(undefined);
  if (!interval.ok) return { ...unknown(interval.error), ageNs: since(series.eventNs, nowNs) };
  const endNs = interval.value === undefined ? series.eventNs : intervalEndNs(interval.value, series.eventNs);
  const ageNs = since(endNs, nowNs);
  if (isEnded) return { state: 'ended', ageNs, overdueNs: 0n, reason: 'of an import that is over' };
  const judged = calendar.ok
    ? byCalendar(series, interval.value, calendar.value, context)
    : byClock(endNs, interval.value, calendar.error, context);
  return { ...judged, ageNs };
}

type Judged = Omit<Freshness, 'ageNs'>;

function byCalendar(
  series: FreshnessSeries,
  interval: Interval | undefined,
  calendar: Calendar,
  { nowNs, thresholds }: FreshnessContext,
): Judged {
  const overdue =
    interval === undefined
      ? ticksOverdue(series, calendar, nowNs)
      : barsOverdue(series, interval, calendar, nowNs);
  if (!overdue.ok) return unknown(overdue.error);
  const open = calendar.isOpenAt(nowNs);
  if (!open.ok) return unknown(open.error);
  const { ns: overdueNs, what } = overdue.value;
  if (overdueNs > thresholds.staleAfterNs) return { overdueNs, state: 'stale', reason: what() };
  if (overdueNs > thresholds.lateAfterNs) return { overdueNs, state: 'late', reason: what() };
  if (open.value) return { overdueNs, state: 'fresh', reason: '' };
  return { overdueNs, state: 'closed', reason: `${calendar.id} is closed` };
}

/** What is new is fresh whatever the market does; of what is older only a calendar could tell. */
function byClock(
  endNs: bigint,
  interval: Interval | undefined,
  problem: string,
  { nowNs, thresholds }: FreshnessContext,
): Judged {
  const overdueNs = since(interval === undefined ? endNs : intervalEndNs(interval, endNs), nowNs);
  return overdueNs > thresholds.lateAfterNs
    ? { ...unknown(problem), overdueNs }
    : { state: 'fresh', overdueNs, reason: '' };
}

function unknown(reason: string): Judged {
  return { state: 'unknown', overdueNs: 0n, reason };
}

/** Time in which the market was open since the last one. */
function ticksOverdue(
  { kind, eventNs }: FreshnessSeries,
  calendar: Calendar,
  nowNs: bigint,
): Result<Overdue, string> {
  const openNs = eventNs < nowNs ? calendar.openNsBetween(eventNs, nowNs) : ok(0n);
  return openNs.ok ? ok({ ns: openNs.value, what: () => `no ${kind} since ${formatNs(eventNs)}` }) : openNs;
}

/** Since the end of the first bar that is missing: of bars within a day open time, of longer ones all time since the last close in it. */
function barsOverdue(
  { eventNs }: FreshnessSeries,
  interval: Interval,
  calendar: Calendar,
  nowNs: bigint,
): Result<Overdue, string> {
  if (eventNs + 1n >= nowNs) return NOTHING;
  const missing = calendar.expectedStarts(interval, eventNs + 1n, nowNs);
  if (!missing.ok) return missing;
  const [startNs] = missing.value;
  if (startNs === undefined) return NOTHING;
  const endNs = intervalEndNs(interval, startNs);
  const partOfDay = isPartOfDay(interval);
  const due = partOfDay ? ok(endNs) : calendar.previousClose(endNs);
  if (!due.ok) return due;
  if (due.value >= nowNs) return NOTHING;
  const overdue = partOfDay ? calendar.openNsBetween(due.value, nowNs) : ok(nowNs - due.value);
  if (!overdue.ok) return overdue;
  const what = (): string => `the bar of ${formatNs(startNs)} was due at ${formatNs(due.value)}`;
  return ok({ ns: overdue.value, what });
}

function isPartOfDay(interval: Interval): interval is Interval & { readonly kind: 'fixed' } {
  return interval.kind === 'fixed' && interval.lengthNs < DAY_NS;
}

function since(fromNs: bigint, nowNs: bigint): bigint {
  return fromNs < nowNs ? nowNs - fromNs : 0n;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
