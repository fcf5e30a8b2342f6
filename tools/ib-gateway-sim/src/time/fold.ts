/** Daily bars → weekly and monthly ones, by the calendar of the exchange. */
import type { TimeZone } from '@tickwell/domain';
import type { MarketBar } from '../market/market.ts';
import { DAY_MS } from './bar-sizes.ts';

/** `barMs` of 7 days: weeks from Monday; more: calendar months. A bar starts with its first trading day. */
export function foldDays(days: readonly MarketBar[], barMs: number, zone: TimeZone): MarketBar[] {
  const folded: MarketBar[] = [];
  let key = NaN;
  for (const day of days) {
    const wall = new Date(day.startMs + zone.offsetMs(day.startMs));
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

/** -1 means "not known" and stays so. */
function joined(first: MarketBar, second: MarketBar): MarketBar {
  const volume = first.volume < 0 ? first.volume : first.volume + second.volume;
  const value = first.wap * first.volume + second.wap * second.volume;
  return {
    startMs: first.startMs,
    open: first.open,
    high: Math.max(first.high, second.high),
    low: Math.min(first.low, second.low),
    close: second.close,
    volume,
    wap: volume > 0 ? Number((value / volume).toPrecision(10)) : second.wap,
    count: first.count < 0 ? first.count : first.count + second.count,
  };
}
