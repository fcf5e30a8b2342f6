import {
  err,
  intervalEndNs,
  intervalStartNs,
  NS_PER_DAY,
  NS_PER_MS,
  NS_PER_SECOND,
  ok,
  parseTimeZone,
  type CorporateAction,
  type Interval,
  type Result,
  type TimeZone,
} from '@tickwell/domain';
import { isDated } from './intervals.ts';
import { isObject, listOf, numberOf, part, secondsOf, textOf, valuesOf } from './json.ts';

export type Action = Omit<CorporateAction, 'position'>;

/** One answer of Yahoo's chart, as far as it is understood. Prices, volumes and dividends are adjusted for splits, not for dividends. */
export interface ChartPage {
  /** In Yahoo's order, which is that of time. */
  readonly rows: readonly ChartRow[];
  /** In order of their ex date. */
  readonly actions: readonly Action[];
  /** Dividends and splits that cannot be understood, as they came. */
  readonly badActions: readonly unknown[];
  /** As Yahoo writes it: "USD", "GBp" for pence; "" where it does not say. */
  readonly currency: string;
}

export interface ChartRow {
  /** Undefined: the row has no time. */
  readonly seconds: number | undefined;
  /** Start of the bar; of a day and longer, midnight UTC of the session date at the exchange. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Midnight UTC of the first and of the last day at the exchange that the bar may hold. */
  readonly firstDayNs: bigint;
  readonly lastDayNs: bigint;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number | null;
}

/** Markets without a close: their last minute is a bar like the others. */
const ROUND_THE_CLOCK: readonly string[] = ['CURRENCY', 'CRYPTOCURRENCY'];

/**
 * Reads `{chart:{result:[…]}}`. A row that Yahoo adds for the running session (at the time of the last trade, not at the start of a bar) is
 * left out. The error is one line.
 */
export function readChart(answer: unknown, interval: Interval): Result<ChartPage, string> {
  const chart = listOf(part(part(answer, 'chart'), 'result'))[0];
  const meta = part(chart, 'meta');
  const zoneName = textOf(part(meta, 'exchangeTimezoneName'));
  if (zoneName === undefined) return err('the answer names no exchange time zone');
  const zone = zoneOf(zoneName);
  if (!zone.ok) return zone;
  const rows = rowsOf(chart, interval, zone.value);
  if (!rows.ok) return rows;
  const currency = textOf(part(meta, 'currency')) ?? '';
  const events = readActions(part(chart, 'events'), currency, zone.value);
  return ok({ rows: withoutLiveRow(rows.value, interval, meta), currency, ...events });
}

/** Thousands of answers are of a few zones, and finding out a zone's offsets is what costs. */
const ZONES = new Map<string, Result<TimeZone, string>>();
const MAX_ZONES = 1000;

function zoneOf(name: string): Result<TimeZone, string> {
  let zone = ZONES.get(name);
  if (zone === undefined) {
    if (ZONES.size >= MAX_ZONES) ZONES.clear();
    zone = parseTimeZone(name);
    ZONES.set(name, zone);
  }
  return zone;
}

function rowsOf(chart: unknown, interval: Interval, zone: TimeZone): Result<ChartRow[], string> {
  const quote = listOf(part(part(chart, 'indicators'), 'quote'))[0];
  const times = part(chart, 'timestamp');
  if (times === undefined) {
    return isObject(quote) && Object.keys(quote).length > 0
      ? err('the answer has quotes without times')
      : ok([]);
  }
  if (!Array.isArray(times) || !isObject(quote)) return err('the answer has no columns of times and quotes');
  const columns = ['open', 'high', 'low', 'close', 'volume'].map((name) => quote[name]);
  const wrong = columns.findIndex((column) => !Array.isArray(column) || column.length !== times.length);
  if (wrong >= 0) return err(`the answer's columns do not have ${times.length} rows each`);
  const [open, high, low, close, volume] = columns as unknown[][];
  return ok(
    times.map((time: unknown, at): ChartRow => {
      const seconds = secondsOf(time);
      return {
        seconds,
        ...timesOf(seconds ?? 0, interval, zone),
        open: numberOf(open?.[at]),
        high: numberOf(high?.[at]),
        low: numberOf(low?.[at]),
        close: numberOf(close?.[at]),
        volume: numberOf(volume?.[at]),
      };
    }),
  );
}

function withoutLiveRow(rows: ChartRow[], interval: Interval, meta: unknown): ChartRow[] {
  const last = rows.at(-1);
  if (last?.seconds === undefined) return rows;
  const isLive = isDated(interval)
    ? rows.at(-2)?.startNs === last.startNs
    : last.seconds % 60 !== 0 || isAtClose(last.seconds, meta);
  return isLive ? rows.slice(0, -1) : rows;
}

/** Intraday answers end with the closing price at the very end of the session. */
function isAtClose(seconds: number, meta: unknown): boolean {
  if (ROUND_THE_CLOCK.includes(textOf(part(meta, 'instrumentType')) ?? '')) return false;
  const periods = [
    part(part(meta, 'currentTradingPeriod'), 'regular'),
    ...listOf(part(meta, 'tradingPeriods')).flatMap(listOf),
  ];
  return periods.some((period) => part(period, 'end') === seconds);
}

function timesOf(
  seconds: number,
  interval: Interval,
  zone: TimeZone,
): Pick<ChartRow, 'startNs' | 'endNs' | 'firstDayNs' | 'lastDayNs'> {
  const startNs = BigInt(seconds) * NS_PER_SECOND;
  if (isDated(interval)) {
    const firstDayNs = intervalStartNs(interval, wallNs(seconds, zone));
    const nextNs = intervalEndNs(interval, firstDayNs);
    // They end at midnight of the exchange.
    const endNs = zone.toInstantNs(nextNs);
    return { startNs: firstDayNs, endNs, firstDayNs, lastDayNs: nextNs - NS_PER_DAY };
  }
  const dayNs = floorToDay(wallNs(seconds, zone));
  return { startNs, endNs: intervalEndNs(interval, startNs), firstDayNs: dayNs, lastDayNs: dayNs };
}

function wallNs(seconds: number, zone: TimeZone): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(zone.offsetMs(seconds * 1000)) * NS_PER_MS;
}

function readActions(
  events: unknown,
  currency: string,
  zone: TimeZone,
): Pick<ChartPage, 'actions' | 'badActions'> {
  const actions: Action[] = [];
  const badActions: unknown[] = [];
  const keep = (event: unknown, action: Action | undefined): void => {
    if (action === undefined) badActions.push(event);
    else actions.push(action);
  };
  for (const event of valuesOf(part(events, 'dividends'))) keep(event, dividend(event, currency, zone));
  for (const event of valuesOf(part(events, 'splits'))) keep(event, split(event, zone));
  actions.sort((a, b) => (a.exDateNs < b.exDateNs ? -1 : a.exDateNs > b.exDateNs ? 1 : 0));
  return { actions, badActions };
}

/** A dividend may be paid in another currency than the price is quoted in. */
function dividend(event: unknown, priceCurrency: string, zone: TimeZone): Action | undefined {
  const exDateNs = exDateOf(event, zone);
  const amount = numberOf(part(event, 'amount'));
  if (exDateNs === undefined || amount === null) return undefined;
  const currency = textOf(part(event, 'currency')) ?? priceCurrency;
  return { kind: 'dividend', exDateNs, amount, currency, splitNumerator: 0, splitDenominator: 0 };
}

function split(event: unknown, zone: TimeZone): Action | undefined {
  const exDateNs = exDateOf(event, zone);
  const splitNumerator = numberOf(part(event, 'numerator'));
  const splitDenominator = numberOf(part(event, 'denominator'));
  if (exDateNs === undefined || splitNumerator === null || splitDenominator === null) return undefined;
  return { kind: 'split', exDateNs, amount: 0, currency: '', splitNumerator, splitDenominator };
}

function exDateOf(event: unknown, zone: TimeZone): bigint | undefined {
  const seconds = secondsOf(part(event, 'date'));
  return seconds === undefined ? undefined : floorToDay(wallNs(seconds, zone));
}

function floorToDay(ns: bigint): bigint {
  return ns - (((ns % NS_PER_DAY) + NS_PER_DAY) % NS_PER_DAY);
}
