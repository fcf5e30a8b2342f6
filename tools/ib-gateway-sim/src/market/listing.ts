import type { ExchangeCalendar } from './calendar.ts';
import type { Instrument } from './market.ts';
import type { Recording } from './recording.ts';

/** An instrument, when it trades and what it replays. */
export interface Listing {
  readonly instrument: Instrument;
  readonly calendar: ExchangeCalendar;
  /** First day of data, since 1970-01-01. */
  readonly firstDay: number;
  /** Last day of data; Infinity: it goes on. */
  readonly lastDay: number;
  readonly hasTrades: boolean;
  readonly hasQuotes: boolean;
  /** Undefined: it does not trade on this day, although its exchange is open. */
  recordingOn(day: number): Recording | undefined;
}

/** What is the same for most instruments is filled in. */
export function instrumentOf(
  fields: Pick<
    Instrument,
    'conId' | 'symbol' | 'secType' | 'exchange' | 'minTick' | 'longName' | 'timeZoneId'
  > &
    Partial<Instrument>,
): Instrument {
  return {
    lastTradeDate: '',
    multiplier: '',
    primaryExchange: '',
    currency: 'USD',
    localSymbol: fields.symbol,
    tradingClass: fields.symbol,
    marketName: fields.symbol,
    isin: '',
    ...fields,
  };
}
