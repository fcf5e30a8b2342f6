import { err, ok, type Result } from './result.ts';
import { NS_PER_DAY, NS_PER_MS, NS_PER_SECOND } from './time.ts';

const UNIT_NS: Readonly<Record<'s' | 'm' | 'h' | 'd', bigint>> = {
  s: NS_PER_SECOND,
  m: 60n * NS_PER_SECOND,
  h: 3600n * NS_PER_SECOND,
  d: NS_PER_DAY,
};

/** A bar interval: a fixed number of nanoseconds, or calendar weeks (from Monday) or months. */
export type Interval =
  | { readonly text: string; readonly kind: 'fixed'; readonly lengthNs: bigint }
  | { readonly text: string; readonly kind: 'week' | 'month'; readonly count: number };

/** Parses "1s", "5m", "1h", "1d", "1w", "1mo". Fixed intervals must divide a day, so that they start at midnight UTC. */
export function parseInterval(text: string): Result<Interval, string> {
  const match = /^([1-9]\d{0,4})(s|m|h|d|w|mo)$/.exec(text);
  const unit = match?.[2];
  if (match === null || unit === undefined) {
    return err(`"${text}" is not an interval: write a count and s, m, h, d, w or mo, for example 5m`);
  }
  const count = Number(match[1]);
  if (unit === 'w' || unit === 'mo') {
    return count === 1
      ? ok({ text, kind: unit === 'w' ? 'week' : 'month', count })
      : err(`interval "${text}": only 1w and 1mo are supported beyond days`);
  }
  const lengthNs = UNIT_NS[unit === 's' || unit === 'm' || unit === 'h' ? unit : 'd'] * BigInt(count);
  if (lengthNs > NS_PER_DAY || NS_PER_DAY % lengthNs !== 0n) {
    return err(`interval "${text}" does not divide a day: use for example 1m, 5m, 15m, 1h, 4h or 1d`);
  }
  return ok({ text, kind: 'fixed', lengthNs });
}

/** Start of the bar that holds a time: aligned to midnight UTC, to Monday, or to the first of the month. */
export function intervalStartNs(interval: Interval, timeNs: bigint): bigint {
  if (interval.kind === 'fixed') return floorTo(timeNs, interval.lengthNs);
  const day = floorTo(timeNs, NS_PER_DAY);
  const date = new Date(Number(day / NS_PER_MS));
  const back = interval.kind === 'week' ? (date.getUTCDay() + 6) % 7 : date.getUTCDate() - 1;
  return day - BigInt(back) * NS_PER_DAY;
}

/** First time after the bar that starts at `startNs`. */
export function intervalEndNs(interval: Interval, startNs: bigint): bigint {
  if (interval.kind === 'fixed') return startNs + interval.lengthNs;
  if (interval.kind === 'week') return startNs + 7n * NS_PER_DAY;
  const date = new Date(Number(startNs / NS_PER_MS));
  return BigInt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)) * NS_PER_MS;
}

function floorTo(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return rest < 0n ? value - rest - step : value - rest;
}
