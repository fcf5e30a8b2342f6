import { NS_PER_DAY, NS_PER_SECOND, parseTimeZone, type TimeZone } from '@tickwell/domain';
import {
  chartAnswer,
  chartError,
  type Answer,
  type ChartQuery,
  type Columns,
  type Market,
} from './answers.ts';
import { listOf, part } from './json.ts';
import type { Recording } from './recordings.ts';

/** One session relative to the close before it. */
interface Shape {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

const NAME = /^SIM(\d{1,6})$/;
const FIRST_DAY_NS = BigInt(Date.UTC(2016, 0, 4)) * 1_000_000n;
const OPEN_SECONDS = 9.5 * 3600;
const CLOSE_SECONDS = 16 * 3600;
const DAY_SECONDS = 86_400;
const SPLIT_DAY_NS = BigInt(Date.UTC(2020, 5, 15)) * 1_000_000n;
/** Days back that Yahoo keeps, and days that it gives at once. */
const KEPT_DAYS: Readonly<Record<string, readonly [minutes: number, keptDays: number, requestDays: number]>> =
  {
    '1m': [1, 30, 8],
    '2m': [2, 60, 60],
    '5m': [5, 60, 60],
    '15m': [15, 60, 60],
    '30m': [30, 60, 60],
    '90m': [90, 60, 60],
    '1h': [60, 730, 730],
    '60m': [60, 730, 730],
  };

interface Session {
  readonly dayNs: bigint;
  /** Seconds since the epoch. */
  readonly open: number;
  readonly close: number;
}

/**
 * Tickers SIM1, SIM2, ... of New York, each a walk of its own over ten years up to now: the sessions of a recorded answer in another order
 * and at another price, or of a formula where nothing was recorded. Every tenth was split 2:1 on 2020-06-15, all pay four dividends a year.
 */
export class SyntheticMarket implements Market {
  readonly #count: number;
  readonly #shapes: readonly Shape[];
  readonly #now: () => number;
  readonly #isAlwaysOpen: boolean;
  readonly #zone: TimeZone;
  #sessions: readonly Session[] = [];

  /** `now`: ms since the epoch. */
  constructor(options: {
    readonly tickers: number;
    readonly recordings: readonly Recording[];
    readonly now: () => number;
    readonly alwaysOpen: boolean;
  }) {
    this.#count = options.tickers;
    this.#now = options.now;
    this.#isAlwaysOpen = options.alwaysOpen;
    this.#shapes = shapesOf(options.recordings) ?? FORMULA;
    const zone = parseTimeZone('America/New_York');
    if (!zone.ok) throw new RangeError(zone.error);
    this.#zone = zone.value;
  }

  get tickers(): readonly string[] {
    return Array.from({ length: this.#count }, (_, index) => `SIM${index + 1}`);
  }

  chart(query: ChartQuery): Answer | undefined {
    const number = this.#numberOf(query.ticker);
    if (number === undefined) return undefined;
    const intraday = KEPT_DAYS[query.interval];
    if (intraday !== undefined) return this.#minutes(number, query, intraday);
    const days = this.#days(number, query);
    const columns =
      query.interval === '1wk' || query.interval === '1mo' ? grouped(days, query.interval) : days;
    return chartAnswer(this.#meta(query), columns, this.#events(number, query));
  }

  quote(ticker: string): unknown {
    const number = this.#numberOf(ticker);
    const session = this.#allSessions().at(-1);
    if (number === undefined || session === undefined) return undefined;
    const nowSeconds = Math.floor(this.#now() / 1000);
    const isOpen = this.#isAlwaysOpen || (nowSeconds >= session.open && nowSeconds < session.close);
    const time = isOpen ? nowSeconds : Math.min(session.close, nowSeconds);
    const price = round(this.#lastClose(number) * (1 + ((time + number) % 20) / 10_000));
    return {
      symbol: ticker,
      quoteType: 'EQUITY',
      currency: 'USD',
      exchange: 'NMS',
      exchangeTimezoneName: 'America/New_York',
      exchangeDataDelayedBy: 0,
      marketState: isOpen ? 'REGULAR' : 'CLOSED',
      regularMarketPrice: price,
      regularMarketTime: time,
      bid: isOpen ? round(price - 0.01) : 0,
      ask: isOpen ? round(price + 0.01) : 0,
      bidSize: 1 + (time % 9),
      askSize: 1 + (time % 7),
    };
  }

  statements(ticker: string, names: readonly string[]): readonly unknown[] | undefined {
    const number = this.#numberOf(ticker);
    if (number === undefined) return undefined;
    return names.map((name) => {
      const meta = { symbol: [ticker], type: [name] };
      const period = /^(annual|quarterly|trailing)(TotalRevenue|NetIncome|DilutedEPS)$/.exec(name);
      if (period === null) return { meta };
      const ends = period[1] === 'annual' ? ['2024-12-31', '2025-12-31'] : ['2026-03-31', '2026-06-30'];
      const entries = ends.map((asOfDate, at) => ({
        asOfDate,
        periodType: period[1] === 'annual' ? '12M' : '3M',
        currencyCode: 'USD',
        reportedValue: { raw: (number + at) * 1000, fmt: `${number + at}k` },
      }));
      return { meta, timestamp: ends.map((end) => Date.parse(end) / 1000), [name]: entries };
    });
  }

  summary(ticker: string): Readonly<Record<string, unknown>> | undefined {
    const number = this.#numberOf(ticker);
    if (number === undefined) return undefined;
    const price = round(this.#lastClose(number));
    return {
      defaultKeyStatistics: { maxAge: 1, trailingEps: 2, sharesOutstanding: 1000 * number },
      financialData: { maxAge: 86_400, currentPrice: price, financialCurrency: 'USD' },
      summaryDetail: { maxAge: 1, trailingPE: price / 2, marketCap: price * 1000 * number, currency: 'USD' },
    };
  }

  #numberOf(ticker: string): number | undefined {
    const number = Number(NAME.exec(ticker)?.[1]);
    return number >= 1 && number <= this.#count ? number : undefined;
  }

  /** Weekdays up to today, as far as they have begun. */
  #allSessions(): readonly Session[] {
    const nowSeconds = this.#now() / 1000;
    const last = this.#sessions.at(-1);
    if (last !== undefined && nowSeconds < last.open + DAY_SECONDS) return this.#sessions;
    const sessions: Session[] = [];
    for (let dayNs = FIRST_DAY_NS; ; dayNs += NS_PER_DAY) {
      const weekday = new Date(Number(dayNs / 1_000_000n)).getUTCDay();
      if (weekday === 0 || weekday === 6) continue;
      const midnight =
        Number(this.#zone.toInstantNs(dayNs + NS_PER_DAY / 2n) / NS_PER_SECOND) - DAY_SECONDS / 2;
      if (midnight + OPEN_SECONDS > nowSeconds) break;
      sessions.push({ dayNs, open: midnight + OPEN_SECONDS, close: midnight + CLOSE_SECONDS });
    }
    this.#sessions = sessions;
    return sessions;
  }

  /** The shape of a session: another order for each ticker. */
  #shape(number: number, session: number): Shape {
    const at = (session * (1 + (number % 7)) + number) % this.#shapes.length;
    return this.#shapes[at] ?? { open: 1, high: 1, low: 1, close: 1, volume: 0 };
  }

  #lastClose(number: number): number {
    return this.#days(number, { period1: 0, period2: Number.MAX_SAFE_INTEGER }).close.at(-1) ?? 1;
  }

  #days(number: number, { period1, period2 }: Pick<ChartQuery, 'period1' | 'period2'>): Columns {
    const columns = emptyColumns();
    const nowSeconds = Math.floor(this.#now() / 1000);
    let close = 20 + (number % 400);
    for (const [index, session] of this.#allSessions().entries()) {
      const shape = this.#shape(number, index);
      const before = close;
      close = before * shape.close;
      if (session.open < period1 || session.open >= period2) continue;
      // The running session is stamped with its last trade.
      columns.timestamp.push(nowSeconds < session.close ? Math.min(nowSeconds, session.close) : session.open);
      columns.open.push(before * shape.open);
      columns.high.push(before * shape.high);
      columns.low.push(before * shape.low);
      columns.close.push(close);
      columns.volume.push(shape.volume);
    }
    return columns;
  }

  #minutes(
    number: number,
    query: ChartQuery,
    [minutes, keptDays, requestDays]: readonly [number, number, number],
  ): Answer {
    const { interval, period1, period2 } = query;
    const nowSeconds = Math.floor(this.#now() / 1000);
    const what = `${interval} data not available for startTime=${period1} and endTime=${period2}.`;
    if (period1 < nowSeconds - keptDays * DAY_SECONDS)
      return chartError(
        422,
        'Unprocessable Entity',
        `${what} The requested range must be within the last ${keptDays} days.`,
      );
    if (period2 - period1 > requestDays * DAY_SECONDS)
      return chartError(
        422,
        'Unprocessable Entity',
        `${what} Only ${requestDays} days worth of ${interval} granularity data are allowed to be fetched per request.`,
      );
    const days = this.#days(number, { period1: 0, period2: Number.MAX_SAFE_INTEGER });
    const columns = emptyColumns();
    for (const [index, session] of this.#allSessions().entries()) {
      if (session.close <= period1 || session.open >= period2) continue;
      const price = days.close[index] ?? 1;
      const end = Math.min(session.close, period2, nowSeconds);
      for (let time = session.open; time < end; time += minutes * 60) {
        if (time < period1) continue;
        const open = price * (1 + ((time / 60 + number) % 30) / 10_000);
        addRow(columns, time, {
          open,
          high: open * 1.001,
          low: open * 0.999,
          close: open * 1.0005,
          volume: 100,
        });
      }
    }
    return chartAnswer(this.#meta(query), columns, {});
  }

  #meta({ ticker, interval }: ChartQuery): unknown {
    const last = this.#allSessions().at(-1);
    const regular = { timezone: 'EST', start: last?.open ?? 0, end: last?.close ?? 0, gmtoffset: -18_000 };
    return {
      currency: 'USD',
      symbol: ticker,
      exchangeName: 'NMS',
      instrumentType: 'EQUITY',
      exchangeTimezoneName: 'America/New_York',
      currentTradingPeriod: { regular },
      dataGranularity: interval,
    };
  }

  #events(number: number, { period1, period2 }: ChartQuery): Readonly<Record<string, unknown>> {
    const dividends: Record<string, unknown> = {};
    const splits: Record<string, unknown> = {};
    for (const { dayNs, open } of this.#allSessions()) {
      if (open < period1 || open >= period2) continue;
      if (number % 10 === 0 && dayNs === SPLIT_DAY_NS)
        splits[open] = { date: open, numerator: 2, denominator: 1, splitRatio: '2:1' };
      if (isDividendDay(dayNs)) dividends[open] = { amount: 0.25, date: open };
    }
    return {
      ...(Object.keys(dividends).length === 0 ? {} : { dividends }),
      ...(Object.keys(splits).length === 0 ? {} : { splits }),
    };
  }
}

/** The second Tuesday of February, May, August and November. */
function isDividendDay(dayNs: bigint): boolean {
  const date = new Date(Number(dayNs / 1_000_000n));
  const day = date.getUTCDate();
  return date.getUTCMonth() % 3 === 1 && date.getUTCDay() === 2 && day > 7 && day <= 14;
}

function emptyColumns(): Columns {
  return { timestamp: [], open: [], high: [], low: [], close: [], volume: [] };
}

function addRow(columns: Columns, time: number, row: Shape): void {
  columns.timestamp.push(time);
  columns.open.push(row.open);
  columns.high.push(row.high);
  columns.low.push(row.low);
  columns.close.push(row.close);
  columns.volume.push(row.volume);
}

/** Weeks from Monday, or months, of days; stamped with the first session. */
function grouped(days: Columns, interval: '1wk' | '1mo'): Columns {
  const columns = emptyColumns();
  let key = '';
  for (const [at, time] of days.timestamp.entries()) {
    const date = new Date(time * 1000);
    const own =
      interval === '1mo' ? date.toISOString().slice(0, 7) : `${Math.floor((time / DAY_SECONDS + 3) / 7)}`;
    const [open, high, low, close, volume] = [days.open, days.high, days.low, days.close, days.volume].map(
      (column) => column[at] ?? 0,
    ) as [number, number, number, number, number];
    const last = columns.timestamp.length - 1;
    if (own !== key) addRow(columns, time, { open, high, low, close, volume });
    else {
      columns.high[last] = Math.max(columns.high[last] ?? high, high);
      columns.low[last] = Math.min(columns.low[last] ?? low, low);
      columns.close[last] = close;
      columns.volume[last] = (columns.volume[last] ?? 0) + volume;
    }
    key = own;
  }
  return columns;
}

/** Sessions of the longest recorded daily answer, without its trend: ten years of it would end at nothing. */
function shapesOf(recordings: readonly Recording[]): readonly Shape[] | undefined {
  const columns = recordings
    .filter(({ url }) => url.pathname.includes('/chart/') && url.searchParams.get('interval') === '1d')
    .map(
      ({ body }) =>
        listOf(part(part(listOf(part(part(body, 'chart'), 'result'))[0], 'indicators'), 'quote'))[0],
    )
    .map((quote) =>
      (['open', 'high', 'low', 'close', 'volume'] as const).map((name) => numbers(part(quote, name))),
    )
    .sort((a, b) => (b[0]?.length ?? 0) - (a[0]?.length ?? 0))[0];
  const [open = [], high = [], low = [], close = [], volume = []] = columns ?? [];
  if (close.length < 20 || columns?.some((column) => column.length !== close.length) === true)
    return undefined;
  const trend = Math.pow((close.at(-1) ?? 1) / (close[0] ?? 1), 1 / (close.length - 1));
  return close.slice(1).map((value, index) => {
    const before = (close[index] ?? value) * trend;
    const at = index + 1;
    return {
      open: (open[at] ?? value) / before,
      high: (high[at] ?? value) / before,
      low: (low[at] ?? value) / before,
      close: value / before,
      volume: volume[at] ?? 0,
    };
  });
}

function numbers(value: unknown): number[] {
  return listOf(value).filter((each): each is number => typeof each === 'number');
}

/** Twenty sessions up and twenty down. */
const FORMULA: readonly Shape[] = Array.from({ length: 40 }, (_, index): Shape => {
  const close = index % 2 === 0 ? 1.01 : 1 / 1.01;
  return { open: 1, high: 1.02, low: 0.98, close, volume: 1_000_000 + index * 1000 };
});

function round(price: number): number {
  return Math.round(price * 100) / 100;
}
