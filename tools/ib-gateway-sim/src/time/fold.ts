/** Daily bars → weekly and monthly ones, by the calendar of the exchange. */
import type { TimeZone } from '@tickwell/domain';
import type { MarketBar } from '../market/market.ts';
import { DAY_MS } from './bar-sizes.ts';

/**
 * `barMs` of 7 days: weeks from Monday; more: calendar months. A bar starts with its first trading day and is dated by its
 * last, as IB does (a week before a free Friday is Thursday's: stoqey/ibkr issue 149).
 */
export function foldDays(days: readonly MarketBar[], barMs: number, zone: TimeZone): MarketBar[] {
  const folded: MarketBar[] = [];
  let key = NaN;
  for (const day of days) {
    const wall = tradingDate(day, zone);
    const dayNumber = Math.floor(wall.getTime() / DAY_MS);
    // 1970-01-01 was a Thursday: day numbers shifted by three divide into weeks from Monday.
    const next =
      barMs <= 7 * DAY_MS ? Math.floor((dayNumber + 3) / 7) : wall.getUTCFullYear() * 12 + wall.getUTCMonth();
    const last = folded.at(-1);
    if (last === undefined || next !== key) folded.push(day);
    else folded[folded.length - 1] = joined(last, day);
    key = next;
  }
  return folded;
}

/** By the date of the session where the bar bears it: Monday's may begin on Sunday evening. */
function tradingDate({ date, startMs }: MarketBar, zone: TimeZone): Date {
  if (date === undefined) return new Date(startMs + zone.offsetMs(startMs));
  return new Date(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`);
}

/** -1 means "not known" and stays so. */
function joined(first: MarketBar, second: MarketBar): MarketBar {
  const volume = first.volume < 0 ? first.volume : first.volume + second.volume;
  const value = first.wap * first.volume + second.wap * second.volume;
  return {
    ...first,
    ...(second.date === undefined ? {} : { date: second.date }),
    high: Math.max(first.high, second.high),
    low: Math.min(first.low, second.low),
    close: second.close,
    volume,
    wap: volume > 0 ? Number((value / volume).toPrecision(10)) : second.wap,
    count: first.count < 0 ? first.count : first.count + second.count,
  };
}
