import { join } from 'node:path';
import { dayOf } from './calendar-rules.ts';
import {
  cmeCalendar,
  cryptoCalendar,
  currencyCalendar,
  usIndexCalendar,
  usStockCalendar,
} from './calendar.ts';
import { contractsOf, type FutureFamily } from './futures.ts';
import { instrumentOf, type Listing } from './listing.ts';
import { quotesOfBars, quotesOfTrades, tradesOfBars } from './prints.ts';
import { recordingOfBars, withFinerDays, type RecordedDay, type Recording } from './recording.ts';
import { bidAskMinutes, googleMinutes, indexMinutes, jsonCandles, utcMinutes } from './sources/csv-bars.ts';
import {
  dayOfFile,
  inSession,
  leanQuoteBars,
  leanQuoteTicks,
  leanTradeBars,
  leanTradeTicks,
  type LeanBarFile,
} from './sources/lean.ts';

/** What is served begins here, whatever was recorded when; holidays are known from 2013 on. */
const FIRST_DAY = dayOf(2015, 1, 2);

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
const CENT = 0.01;
const PIP_TENTH = 0.00001;
/** Shares and the index are recorded over their regular hours at least; a short day would leave a hole in a whole one. */
const REGULAR_HOURS = 0.4;
/** Contracts of futures are listed from so long before the market's first day of use … */
const EXPIRED_DAYS = 730;
/** … to so long after it. */
const AHEAD_DAYS = 450;

/** Everything the recorded data can serve. `nowMs` decides which contracts of futures are listed. */
export function recordedListings(dataDir: string, nowMs: number): readonly Listing[] {
  return [
    ...shares(dataDir),
    ...currencies(dataDir),
    ...futures(dataDir, Math.floor(nowMs / DAY_MS)),
    ...coins(dataDir),
    index(dataDir),
  ];
}

/** A share, currency or coin that trades for ever. */
export function endless(
  listing: Pick<Listing, 'instrument' | 'calendar' | 'hasTrades' | 'hasQuotes'>,
  recording: Recording,
): Listing {
  return { ...listing, firstDay: FIRST_DAY, lastDay: Infinity, recordingOn: () => recording };
}

export const APPLE = instrumentOf({
  conId: 265598,
  symbol: 'AAPL',
  secType: 'STK',
  exchange: 'SMART',
  primaryExchange: 'NASDAQ',
  tradingClass: 'NMS',
  marketName: 'NMS',
  minTick: CENT,
  longName: 'APPLE INC',
  timeZoneId: 'US/Eastern',
  isin: 'US0378331005',
});

function newYorkShare(
  conId: number,
  symbol: string,
  longName: string,
  isin: string,
  primary: string,
): Listing['instrument'] {
  return instrumentOf({
    conId,
    symbol,
    secType: 'STK',
    exchange: 'SMART',
    primaryExchange: primary,
    minTick: CENT,
    longName,
    timeZoneId: 'US/Eastern',
    isin,
  });
}

function shares(dataDir: string): readonly Listing[] {
  const calendar = usStockCalendar();
  const apple = recordingOfBars({
    id: 'AAPL',
    calendar,
    tick: CENT,
    exchange: 'NASDAQ',
    trades: () => googleMinutes(join(dataDir, 'google_finance_1m/AAPL_INTRA_DAY.csv.gz')),
    minCoverage: REGULAR_HOURS,
  });
  const common = { calendar, hasTrades: true, hasQuotes: true };
  return [
    endless({ instrument: APPLE, ...common }, apple),
    endless(
      {
        instrument: newYorkShare(756733, 'SPY', 'STATE STREET SPDR S&P 500 ETF', 'US78462F1030', 'ARCA'),
        ...common,
      },
      spyRecording(dataDir),
    ),
    endless(
      {
        instrument: newYorkShare(8314, 'IBM', 'INTL BUSINESS MACHINES CORP', 'US4592001014', 'NYSE'),
        ...common,
      },
      ibmRecording(dataDir),
    ),
    endless(
      { instrument: newYorkShare(10098, 'BAC', 'BANK OF AMERICA CORP', 'US0605051046', 'NYSE'), ...common },
      { id: 'BAC', days: tickDays(dataDir, 'bac', ['20131007', '20131008'], []) },
    ),
  ];
}

const LEAN_WEEK = ['20131004', '20131007', '20131008', '20131009', '20131010', '20131011'];

/** Minutes of six days; of the third every second, of the second every trade. */
function spyRecording(dataDir: string): Recording {
  const minutes = leanShareMinutes(dataDir, 'spy', 'ARCA');
  const calendar = usStockCalendar();
  const file = (resolution: string, date: string, kind: string, lengthMs: number): LeanBarFile =>
    leanShareFile(dataDir, `${resolution}/spy/${date}_${kind}.zip`, lengthMs);
  const second: RecordedDay = {
    day: dayOf(2013, 10, 8),
    load: () => {
      const day = dayOf(2013, 10, 8);
      const trades = inSession(leanTradeBars(file('second', '20131008', 'trade', SECOND_MS)), calendar, day);
      const quotes = inSession(leanQuoteBars(file('second', '20131008', 'quote', SECOND_MS)), calendar, day);
      return {
        trades: tradesOfBars(trades, { tick: CENT, exchange: 0 }),
        quotes: quotesOfBars(quotes, CENT),
      };
    },
  };
  const ticks: RecordedDay = {
    day: dayOf(2013, 10, 7),
    load: () => ({
      trades: leanTradeTicks(join(dataDir, 'lean/equity/usa/tick/spy/20131007_trade.zip'), calendar),
      quotes: quotesOfBars(
        inSession(
          leanQuoteBars(file('minute', '20131007', 'quote', MINUTE_MS)),
          calendar,
          dayOf(2013, 10, 7),
        ),
        CENT,
      ),
    }),
  };
  return withFinerDays(minutes, [ticks, second]);
}

/** Minutes of six days, of three of them every trade and quote. */
function ibmRecording(dataDir: string): Recording {
  const dates = ['20131007', '20131008', '20131009'];
  return withFinerDays(leanShareMinutes(dataDir, 'ibm', 'NYSE'), tickDays(dataDir, 'ibm', dates, dates)());
}

function leanShareMinutes(dataDir: string, symbol: string, exchange: 'ARCA' | 'NYSE'): Recording {
  const file = (date: string, kind: string): LeanBarFile =>
    leanShareFile(dataDir, `minute/${symbol}/${date}_${kind}.zip`, MINUTE_MS);
  return recordingOfBars({
    id: symbol.toUpperCase(),
    calendar: usStockCalendar(),
    tick: CENT,
    exchange,
    trades: () => LEAN_WEEK.flatMap((date) => [...leanTradeBars(file(date, 'trade'))]),
    quotes: () => LEAN_WEEK.flatMap((date) => [...leanQuoteBars(file(date, 'quote'))]),
    minCoverage: REGULAR_HOURS,
  });
}

function leanShareFile(dataDir: string, path: string, lengthMs: number): LeanBarFile {
  return {
    path: join(dataDir, 'lean/equity/usa', path),
    entry: '',
    zone: 'America/New_York',
    scale: 10_000,
    lengthMs,
  };
}

/** Days of single trades; those without a file of quotes get quotes made from the trades. */
function tickDays(
  dataDir: string,
  symbol: string,
  dates: readonly string[],
  quoted: readonly string[],
): () => readonly RecordedDay[] {
  const calendar = usStockCalendar();
  const days = dates.map((date): RecordedDay => {
    const path = (kind: string): string =>
      join(dataDir, `lean/equity/usa/tick/${symbol}/${date}_${kind}.zip`);
    const load: RecordedDay['load'] = () => {
      const trades = leanTradeTicks(path('trade'), calendar);
      const quotes = quoted.includes(date)
        ? leanQuoteTicks(path('quote'), calendar)
        : quotesOfTrades(trades, CENT);
      return { trades, quotes };
    };
    return { day: dayOfFile(path('trade')), load };
  });
  return () => days;
}

/** Fridays to Thursdays of May 2014 (EUR.USD) and the whole of February 2012 (GBP.USD), bid and ask minutes of FXCM. */
function currencies(dataDir: string): readonly Listing[] {
  const calendar = currencyCalendar();
  const common = { calendar, hasTrades: false, hasQuotes: true };
  const pair = (conId: number, symbol: string, longName: string): Listing['instrument'] =>
    instrumentOf({
      conId,
      symbol,
      secType: 'CASH',
      exchange: 'IDEALPRO',
      minTick: PIP_TENTH,
      longName,
      timeZoneId: 'US/Eastern',
      localSymbol: `${symbol}.USD`,
      tradingClass: `${symbol}.USD`,
      marketName: `${symbol}.USD`,
    });
  const bars = { calendar, tick: PIP_TENTH, exchange: '', minCoverage: 0.8 } as const;
  const eurDates = [1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15].map(
    (day) => `201405${String(day).padStart(2, '0')}`,
  );
  const eurFile = (date: string): LeanBarFile => ({
    path: join(dataDir, `lean/forex/fxcm/minute/eurusd/${date}_quote.zip`),
    entry: '',
    zone: 'UTC-5',
    scale: 1,
    lengthMs: MINUTE_MS,
  });
  const gbpFile = (side: string): string => join(dataDir, `nautilus/fxcm/gbpusd-m1-${side}-2012.csv.gz`);
  return [
    endless(
      { instrument: pair(12087792, 'EUR', 'European Monetary Union Euro'), ...common },
      recordingOfBars({
        ...bars,
        id: 'EUR',
        quotes: () => eurDates.flatMap((date) => [...leanQuoteBars(eurFile(date))]),
      }),
    ),
    endless(
      { instrument: pair(12087797, 'GBP', 'British pound'), ...common },
      recordingOfBars({ ...bars, id: 'GBP', quotes: () => bidAskMinutes(gbpFile('bid'), gbpFile('ask')) }),
    ),
  ];
}

/**
 * E-mini S&P 500: three days of October 2013, the front contract then and the one behind it, so that volume moves at the roll.
 * Euro FX: January 2024, the front contract alone.
 */
function futures(dataDir: string, today: number): readonly Listing[] {
  const calendar = cmeCalendar();
  const emini: FutureFamily = {
    symbol: 'ES',
    tradingClass: 'ES',
    longName: 'E-mini S&P 500',
    multiplier: '50',
    minTick: 0.25,
    conIdBase: 700_000_000,
    calendar,
    front: eminiRecording(dataDir, '201312'),
    next: eminiRecording(dataDir, '201403'),
  };
  const euro: FutureFamily = {
    symbol: 'EUR',
    tradingClass: '6E',
    longName: 'European Monetary Union Euro',
    multiplier: '125000',
    minTick: 0.00005,
    conIdBase: 710_000_000,
    calendar,
    front: recordingOfBars({
      id: '6E',
      calendar,
      tick: 0.00005,
      exchange: 'CME',
      trades: () =>
        utcMinutes(join(dataDir, 'nautilus/xcme/6EH4.XCME_1min_bars_20240101_20240131.csv.gz'), {
          stampedAtEnd: true,
        }),
      minCoverage: 0.85,
    }),
    next: undefined,
  };
  return [emini, euro].flatMap((family) => contractsOf(family, today - EXPIRED_DAYS, today + AHEAD_DAYS));
}

function eminiRecording(dataDir: string, contract: string): Recording {
  const file = (date: string, kind: string): LeanBarFile => ({
    path: join(dataDir, `lean/future/cme/minute/es/${date}_${kind}.zip`),
    entry: `_${contract}.csv`,
    zone: 'UTC',
    scale: 1,
    lengthMs: MINUTE_MS,
  });
  const dates = ['20131006', '20131007', '20131008', '20131009'];
  return recordingOfBars({
    id: `ES ${contract}`,
    calendar: cmeCalendar(),
    tick: 0.25,
    exchange: 'CME',
    trades: () => dates.flatMap((date) => [...leanTradeBars(file(date, 'trade'))]),
    quotes: () => dates.flatMap((date) => [...leanQuoteBars(file(date, 'quote'))]),
    minCoverage: 0.85,
  });
}

export function coin(conId: number, symbol: string, longName: string): Listing['instrument'] {
  return instrumentOf({
    conId,
    symbol,
    secType: 'CRYPTO',
    exchange: 'PAXOS',
    minTick: CENT,
    longName,
    timeZoneId: 'UTC',
    localSymbol: `${symbol}.USD`,
    marketName: `${symbol}.USD`,
  });
}

/** Bitcoin: 47 days of Bitfinex of 2016. Litecoin: two days of Binance of November 2020, in USDT. */
function coins(dataDir: string): readonly Listing[] {
  const calendar = cryptoCalendar();
  const common = { calendar, hasTrades: true, hasQuotes: true };
  const bars = { calendar, tick: CENT, exchange: 'PAXOS', minCoverage: 0.9 } as const;
  return [
    endless(
      { instrument: coin(479624278, 'BTC', 'Bitcoin cryptocurrency'), ...common },
      recordingOfBars({
        ...bars,
        id: 'BTC',
        trades: () =>
          utcMinutes(join(dataDir, 'google_finance_1m/bitfinex_xbtusd_1m.csv.gz'), { stampedAtEnd: false }),
      }),
    ),
    endless(
      { instrument: coin(498989715, 'LTC', 'Litecoin cryptocurrency'), ...common },
      recordingOfBars({
        ...bars,
        id: 'LTC',
        trades: () =>
          jsonCandles(join(dataDir, 'trading_signals_candles/LTC_USDT_2d_1m_1606066988989.json.gz')),
      }),
    ),
  ];
}

/** S&P 500: four days of November 2019. */
function index(dataDir: string): Listing {
  const calendar = usIndexCalendar();
  return endless(
    {
      instrument: instrumentOf({
        conId: 416904,
        symbol: 'SPX',
        secType: 'IND',
        exchange: 'CBOE',
        minTick: CENT,
        longName: 'S&P 500 Stock Index',
        timeZoneId: 'US/Central',
      }),
      calendar,
      hasTrades: true,
      hasQuotes: false,
    },
    recordingOfBars({
      id: 'SPX',
      calendar,
      tick: CENT,
      exchange: '',
      trades: () => indexMinutes(join(dataDir, 'mplfinance_examples/SP500_NOV2019_IDay.csv.gz')),
      quotes: 'none',
      minCoverage: REGULAR_HOURS,
    }),
  );
}
