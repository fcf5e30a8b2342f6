import { err, NS_PER_DAY, ok, parseInterval, type Interval, type Result } from '@tickwell/domain';

/**
 * Yahoo's names of the intervals that Tickwell stores, how far back it keeps them and how much one request may span; left out: no limit.
 * Limits as its refusals state them ("Only 8 days worth of 1m granularity data are allowed to be fetched per request", "must be within
 * the last 30 / 60 / 730 days").
 */
export const YAHOO_INTERVALS = {
  '1m': { yahoo: '1m', keptDays: 30, requestDays: 7 },
  '2m': { yahoo: '2m', keptDays: 60 },
  '5m': { yahoo: '5m', keptDays: 60 },
  '15m': { yahoo: '15m', keptDays: 60 },
  '30m': { yahoo: '30m', keptDays: 60 },
  '90m': { yahoo: '90m', keptDays: 60 },
  '1h': { yahoo: '1h', keptDays: 730 },
  '1d': { yahoo: '1d' },
  '1w': { yahoo: '1wk' },
  '1mo': { yahoo: '1mo' },
} as const satisfies Readonly<Record<string, IntervalLimits>>;

interface IntervalLimits {
  readonly yahoo: string;
  readonly keptDays?: number;
  readonly requestDays?: number;
}

export type YahooInterval = keyof typeof YAHOO_INTERVALS;

/** Yahoo's own spellings are understood, too; what it has beside is no interval of the store. */
const SPELLINGS: Readonly<Record<string, YahooInterval>> = { '60m': '1h', '1wk': '1w' };
/** With what they can be made of. */
const COARSER: ReadonlyMap<string, YahooInterval> = new Map([
  ['5d', '1d'],
  ['3mo', '1mo'],
]);

export function yahooInterval(text: string): Result<YahooInterval, string> {
  const name = Object.hasOwn(SPELLINGS, text) ? SPELLINGS[text] : text;
  const found = (Object.keys(YAHOO_INTERVALS) as YahooInterval[]).find((each) => each === name);
  if (found !== undefined) return ok(found);
  const known = Object.keys(YAHOO_INTERVALS).join(', ');
  const finer = COARSER.get(text);
  return err(
    finer === undefined
      ? `must be one of ${known}`
      : `must be one of ${known}: bars of ${text} are not stored; ask for ${finer} and make them of those`,
  );
}

export function limitsOf(interval: YahooInterval): IntervalLimits {
  return YAHOO_INTERVALS[interval];
}

/** As the domain knows it. */
export function domainInterval(interval: YahooInterval): Interval {
  const parsed = parseInterval(interval);
  if (!parsed.ok) throw new RangeError(parsed.error);
  return parsed.value;
}

/** Bars of a day and longer start at midnight UTC of their session date. */
export function isDated(interval: Interval): boolean {
  return interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY;
}
