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

/** One answer of Yahoo's chart, as far as it is understood. Prices are adjusted for splits, not for dividends. */
export interface ChartPage {
  readonly rows: readonly ChartRow[];
  readonly actions: readonly Omit<CorporateAction, 'position'>[];
}

export interface ChartRow {
  /** Undefined: the row has no time. */
  readonly seconds: number | undefined;
  /** Start of the bar; of a day and longer, midnight UTC of the session date at the exchange. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number | null;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a chart in the shape yahoo-finance2 passes on unchecked (`validateResult: false`, `return: "object"`): what fails its
 * schema, such as a null in a column, is for us to judge. The error is one line.
 */
export function readChart(answer: unknown, interval: Interval): Result<ChartPage, string> {
  const meta = part(answer, 'meta');
  const quote = firstOf(part(part(answer, 'indicators'), 'quote'));
  const times = part(answer, 'timestamp');
  const zoneName = part(meta, 'exchangeTimezoneName');
  if (typeof zoneName !== 'string') return err('the answer names no exchange time zone');
  const parsedZone = parseTimeZone(zoneName);
  if (!parsedZone.ok) return parsedZone;
  const zone = parsedZone.value;
  if (times === undefined) return ok({ rows: [], actions: actionsOf(part(answer, 'events'), meta, zone) });
  if (!Array.isArray(times) || !isObject(quote)) return err('the answer has no columns of times and quotes');
  const columns = ['open', 'high', 'low', 'close', 'volume'].map((name) => quote[name]);
  const wrong = columns.findIndex((column) => !Array.isArray(column) || column.length !== times.length);
  if (wrong >= 0) return err(`the answer's columns do not have ${times.length} rows each`);
  const [open, high, low, close, volume] = columns as unknown[][];
  const rows = times.map((time: unknown, at): ChartRow => {
    const seconds = secondsOf(time);
    const startNs = seconds === undefined ? 0n : barStart(seconds, interval, zone);
    return {
      seconds,
      startNs,
      endNs: barEnd(startNs, interval, zone),
      open: numberOf(open?.[at]),
      high: numberOf(high?.[at]),
      low: numberOf(low?.[at]),
      close: numberOf(close?.[at]),
      volume: numberOf(volume?.[at]),
    };
  });
  return ok({ rows, actions: actionsOf(part(answer, 'events'), meta, zone) });
}

function isIntraday(interval: Interval): boolean {
  return interval.kind === 'fixed' && interval.lengthNs < NS_PER_DAY;
}

function barStart(seconds: number, interval: Interval, zone: TimeZone): bigint {
  const instantNs = BigInt(seconds) * NS_PER_SECOND;
  return isIntraday(interval) ? instantNs : intervalStartNs(interval, wallNs(seconds, zone));
}

/** Bars of a day and longer end at midnight of the exchange. */
function barEnd(startNs: bigint, interval: Interval, zone: TimeZone): bigint {
  const endNs = intervalEndNs(interval, startNs);
  return isIntraday(interval) ? endNs : zone.toInstantNs(endNs);
}

function wallNs(seconds: number, zone: TimeZone): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(zone.offsetMs(seconds * 1000)) * NS_PER_MS;
}

/** Dividends and splits in order of their ex date; entries without date or amount are left out by Yahoo's own clients too. */
function actionsOf(events: unknown, meta: unknown, zone: TimeZone): ChartPage['actions'] {
  const currency = part(meta, 'currency');
  const base = {
    amount: 0,
    currency: typeof currency === 'string' ? currency : '',
    splitNumerator: 0,
    splitDenominator: 0,
  };
  const actions: Omit<CorporateAction, 'position'>[] = [];
  for (const event of valuesOf(part(events, 'dividends'))) {
    const exDateNs = exDateOf(event, zone);
    const amount = numberOf(part(event, 'amount'));
    if (exDateNs !== undefined && amount !== null)
      actions.push({ ...base, kind: 'dividend', exDateNs, amount });
  }
  for (const event of valuesOf(part(events, 'splits'))) {
    const exDateNs = exDateOf(event, zone);
    const splitNumerator = numberOf(part(event, 'numerator'));
    const splitDenominator = numberOf(part(event, 'denominator'));
    if (exDateNs === undefined || splitNumerator === null || splitDenominator === null) continue;
    actions.push({ ...base, kind: 'split', exDateNs, currency: '', splitNumerator, splitDenominator });
  }
  return actions.sort((a, b) => (a.exDateNs < b.exDateNs ? -1 : a.exDateNs > b.exDateNs ? 1 : 0));
}

function exDateOf(event: unknown, zone: TimeZone): bigint | undefined {
  const seconds = secondsOf(part(event, 'date'));
  return seconds === undefined ? undefined : floorToDay(wallNs(seconds, zone));
}

function floorToDay(ns: bigint): bigint {
  return ns - (((ns % NS_PER_DAY) + NS_PER_DAY) % NS_PER_DAY);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function part(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? (value[0] as unknown) : undefined;
}

function valuesOf(value: unknown): readonly unknown[] {
  return isObject(value) || Array.isArray(value) ? Object.values(value) : [];
}

/** The library turns some times into dates before it finds that another field fails its schema. */
function secondsOf(value: unknown): number | undefined {
  if (value instanceof Date) return Math.floor(value.getTime() / 1000);
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
