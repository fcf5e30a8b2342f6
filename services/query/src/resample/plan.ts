import {
  DEFAULT_SESSION_OPTIONS,
  nextSlot,
  sessionGrid,
  utcGrid,
  type BarGrid,
  type EmptyIntervals,
  type SessionGridOptions,
} from '@tickwell/bars';
import type { Calendar } from '@tickwell/calendar';
import { queryV1 } from '@tickwell/contracts';
import {
  err,
  NS_PER_DAY,
  NS_PER_SECOND,
  ok,
  parseBarLength,
  parseInterval,
  type Interval,
  type PriceType,
  type Result,
  type ThresholdLength,
} from '@tickwell/domain';
import type { BarQuery } from '@tickwell/ports';

const MINUTE_NS = 60n * NS_PER_SECOND;

/** Bars that are made when they are read. */
export interface ResamplePlan {
  /** What they are made of: stored bars of an interval, or the ticks themselves. */
  readonly from: Interval | 'trades' | 'quotes';
  /** Undefined: bars that end by what is traded. */
  readonly grid: BarGrid | undefined;
  readonly threshold: ThresholdLength | undefined;
  /** The grid by which bars of an interval are cut. */
  readonly gridOf: (interval: Interval) => BarGrid;
  readonly empty: EmptyIntervals;
}

type Request = Pick<queryV1.GetBarsRequest, 'resampleFrom' | 'alignment' | 'empty' | 'interval'>;

const EMPTY: ReadonlyMap<queryV1.EmptyIntervals, EmptyIntervals> = new Map([
  [queryV1.EmptyIntervals.UNSPECIFIED, 'absent'],
  [queryV1.EmptyIntervals.NONE, 'none'],
  [queryV1.EmptyIntervals.CARRIED, 'carried'],
]);

const HOURS: ReadonlyMap<queryV1.BarAlignment, 'utc' | 'regular' | 'all'> = new Map([
  [queryV1.BarAlignment.UNSPECIFIED, 'utc'],
  [queryV1.BarAlignment.SESSIONS, 'regular'],
  [queryV1.BarAlignment.SESSIONS_ALL_HOURS, 'all'],
]);

/** Undefined: nothing is made, bars are as they are stored. `calendarOf` is asked for where sessions count. */
export function resampleArgument(
  request: Request,
  priceType: PriceType,
  calendarOf: () => Result<Calendar, string>,
): Result<ResamplePlan | undefined, string> {
  const { resampleFrom } = request;
  const hours = HOURS.get(request.alignment);
  if (hours === undefined)
    return err(
      `alignment ${request.alignment} is not known: use BAR_ALIGNMENT_SESSIONS or _SESSIONS_ALL_HOURS, or none`,
    );
  const empty = EMPTY.get(request.empty);
  if (empty === undefined)
    return err(`empty ${request.empty} is not known: use EMPTY_INTERVALS_NONE or _CARRIED`);
  if (resampleFrom === '') {
    const idle = hours !== 'utc' ? 'alignment' : empty === 'absent' ? undefined : 'empty';
    return idle === undefined
      ? ok(undefined)
      : err(`${idle} is of bars that are made: say of what, resample_from, for example "1m"`);
  }
  const from = fromArgument(resampleFrom, priceType);
  if (!from.ok) return from;
  const to = parseBarLength(request.interval);
  if (!to.ok) return err(`interval: ${to.error}`);
  const calendar = hours === 'utc' ? undefined : calendarOf();
  if (calendar?.ok === false) return calendar;
  // A closing auction is in a minute soon after the close; longer bars hold more than that.
  const isFine =
    typeof from.value === 'string' || from.value.kind !== 'fixed' || from.value.lengthNs <= MINUTE_NS;
  const options: SessionGridOptions = {
    hours: hours === 'all' ? 'all' : 'regular',
    closingNs: isFine ? DEFAULT_SESSION_OPTIONS.closingNs : 0n,
  };
  const gridOf = (interval: Interval): BarGrid =>
    calendar === undefined ? utcGrid(interval) : sessionGrid(interval, calendar.value, options);
  if (to.value.kind !== 'threshold')
    return ok({ from: from.value, grid: gridOf(to.value), threshold: undefined, gridOf, empty });
  if (typeof from.value !== 'string')
    return err(
      `interval ${to.value.text}: such bars are made of trades or quotes, not of ${from.value.text} bars`,
    );
  if (empty !== 'absent') return err(`empty is of bars of a time: ${to.value.text} bars are never empty`);
  return ok({ from: from.value, grid: undefined, threshold: to.value, gridOf, empty });
}

function fromArgument(text: string, priceType: PriceType): Result<ResamplePlan['from'], string> {
  if (text === 'trades' || text === 'quotes') {
    if ((text === 'trades') === (priceType === 'trade')) return ok(text);
    return err(
      text === 'trades'
        ? `resample_from "trades" makes bars of price_type trade, not ${priceType}: use "quotes"`
        : 'resample_from "quotes" makes bars of price_type bid, ask or mid: say which, or use "trades"',
    );
  }
  const parsed = parseInterval(text);
  return parsed.ok ? parsed : err(`resample_from: ${parsed.error}, or "trades" or "quotes"`);
}

/**
 * What has to be read of the source for the bars that start in the query's range; its limit where the newest bars are wanted: no bar is of
 * more parts than fit its time, and the first one that is read may be cut.
 */
export function sourceQuery(query: BarQuery, { from, grid }: ResamplePlan): BarQuery {
  const { startNs, endNs, limit, newest } = query;
  const { symbol, source, priceType, asOf, signal } = query;
  const first = startNs === undefined || grid === undefined ? undefined : nextSlot(grid, startNs)?.fromNs;
  const last = endNs === undefined || grid === undefined ? undefined : nextSlot(grid, endNs - 1n)?.endNs;
  const fromNs = startNs !== undefined && first !== undefined && first < startNs ? first : startNs;
  const toNs = endNs !== undefined && last !== undefined && last > endNs ? last : endNs;
  const newestParts =
    newest === true && limit !== undefined && typeof from !== 'string' && grid !== undefined;
  return {
    symbol,
    priceType,
    interval: typeof from === 'string' ? query.interval : from.text,
    ...(source === undefined ? {} : { source }),
    ...(asOf === undefined ? {} : { asOf }),
    ...(signal === undefined ? {} : { signal }),
    ...(fromNs === undefined ? {} : { startNs: fromNs }),
    ...(toNs === undefined ? {} : { endNs: toNs }),
    ...(newestParts ? { newest, limit: (limit + 2) * mostParts(from, grid.interval) } : {}),
  };
}

/** A session has at most a week's time, with the nights and the weekend before it. */
function mostParts(from: Interval, to: Interval): number {
  const partNs = from.kind === 'fixed' ? from.lengthNs : NS_PER_DAY;
  const isShort = to.kind === 'fixed' && to.lengthNs < NS_PER_DAY;
  const spanNs = isShort ? to.lengthNs : (to.kind === 'month' ? 40n : 15n) * NS_PER_DAY;
  return Number(spanNs / partNs) + 1;
}
