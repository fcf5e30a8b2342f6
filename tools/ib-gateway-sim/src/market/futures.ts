import { dateText, nthWeekday } from './calendar-rules.ts';
import type { ExchangeCalendar } from './calendar.ts';
import { instrumentOf, type Listing } from './listing.ts';
import type { Recording } from './recording.ts';

export interface FutureFamily {
  readonly symbol: string;
  readonly tradingClass: string;
  readonly longName: string;
  readonly multiplier: string;
  readonly minTick: number;
  /** conIds of contracts are this plus yyyymm: IB's own differ for every contract and are not published. */
  readonly conIdBase: number;
  readonly calendar: ExchangeCalendar;
  /** Replayed while the contract is the one that everybody trades. */
  readonly front: Recording;
  /** Replayed in the quarter before and between the roll and the last day; undefined: the contract has no data then. */
  readonly next: Recording | undefined;
}

const QUARTER_MONTHS = [3, 6, 9, 12];
const MONTH_LETTERS: Readonly<Record<number, string>> = { 3: 'H', 6: 'M', 9: 'U', 12: 'Z' };
/** Trading moves to the next quarter eight days before the last trading day. */
const ROLL_DAYS = 8;

interface Quarter {
  readonly year: number;
  readonly month: number;
}

/** The quarterly contracts whose last trading day lies in the span of days. */
export function contractsOf(family: FutureFamily, fromDay: number, toDay: number): readonly Listing[] {
  const firstYear = new Date(fromDay * 86_400_000).getUTCFullYear();
  const lastYear = new Date(toDay * 86_400_000).getUTCFullYear();
  const listings: Listing[] = [];
  for (let year = firstYear; year <= lastYear; year++) {
    for (const month of QUARTER_MONTHS) {
      const expiry = lastTradingDay({ year, month });
      if (expiry >= fromDay && expiry <= toDay) listings.push(listContract(family, { year, month }));
    }
  }
  return listings;
}

function listContract(family: FutureFamily, quarter: Quarter): Listing {
  const expiry = lastTradingDay(quarter);
  const rollOut = expiry - ROLL_DAYS;
  const rollIn = lastTradingDay(before(quarter)) - ROLL_DAYS;
  const listedFrom = family.next === undefined ? rollIn : lastTradingDay(before(before(quarter))) - ROLL_DAYS;
  const localSymbol = `${family.tradingClass}${MONTH_LETTERS[quarter.month] ?? ''}${quarter.year % 10}`;
  return {
    instrument: instrumentOf({
      conId: family.conIdBase + quarter.year * 100 + quarter.month,
      symbol: family.symbol,
      secType: 'FUT',
      exchange: 'CME',
      lastTradeDate: dateText(expiry),
      multiplier: family.multiplier,
      minTick: family.minTick,
      longName: family.longName,
      timeZoneId: family.calendar.timeZone.name,
      localSymbol,
      tradingClass: family.tradingClass,
      marketName: family.tradingClass,
    }),
    calendar: family.calendar,
    firstDay: listedFrom,
    lastDay: family.next === undefined ? rollOut - 1 : expiry,
    hasTrades: true,
    hasQuotes: true,
    recordingOn: (day) => (day >= rollIn && day < rollOut ? family.front : family.next),
  };
}

/** Third Friday of the contract month. */
function lastTradingDay({ year, month }: Quarter): number {
  return nthWeekday(year, month, 5, 3);
}

function before({ year, month }: Quarter): Quarter {
  return month === 3 ? { year: year - 1, month: 12 } : { year, month: month - 3 };
}
