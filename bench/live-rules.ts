/**
 * The rules of the flow on real prices, crashes among them, as if they came live: how many events are held or flagged by the rules about what is usual of a market (of real events
 * none should be held), and how many wrong prints that are put in are found: slips of the comma (times 10, a tenth, times 100) and
 * lone prints 20 % away. Seeded. Needs the real data beside the repository (TICKWELL_TEST_DATA); no Kafka, no QuestDB. Asserts nothing.
 */
import {
  intervalStartNs,
  parseInterval,
  parseIsoTime,
  emptyBars,
  emptyTrades,
  type BarColumns,
  type TradeColumns,
} from '@tickwell/domain';
import {
  BARS,
  judge,
  KeyState,
  TRADES,
  ValidationSettings,
  type BatchContext,
  type Kind,
  type SettledInstrument,
} from '@tickwell/validation';
import { DATA_MISSING, linesOf } from '../libs/validation/src/fixtures/real-data.ts';
import { Dice } from './support/dice.ts';

const KNOWN_NS = 1_900_000_000_000_000_000n;
const NS_PER_MS = 1_000_000n;
const BATCH = 200;
/** One print in so many is made wrong. */
const WRONG_ONE_IN = 200;
const WRONG = { 'x 10': 10, '/ 10': 0.1, 'x 100': 100, '+ 20 %': 1.2, '- 20 %': 0.8 };

interface Series<C> {
  readonly name: string;
  readonly kind: Kind<C>;
  readonly columns: C;
  readonly count: number;
  readonly instrument: SettledInstrument;
  readonly interval?: string;
  readonly setPrice: (columns: C, index: number, factor: number) => C;
}

interface Judged {
  readonly held: readonly number[];
  readonly flagged: ReadonlyMap<string, number>;
  /** Of events that are not in order, bars that cannot be, ...: not the market's. */
  readonly refused: number;
  readonly oddAt: ReadonlySet<number>;
}

function judged<C>(series: Series<C>, columns: C): Judged {
  const { kind, count, instrument, interval = '' } = series;
  const settings = new ValidationSettings(new Map(), { get: () => instrument }).of('X');
  const parsed = parseInterval(interval);
  const batch: BatchContext = {
    key: 'X',
    symbol: 'X',
    source: 'bench',
    origin: 'bench',
    streamName: undefined,
    referenceNs: KNOWN_NS,
    loggedNs: KNOWN_NS,
    intervalText: interval,
    interval: parsed.ok ? parsed.value : undefined,
    settings,
    isReleased: false,
  };
  const stream = new KeyState().stream('bench', 'bench');
  const held: number[] = [];
  const flagged = new Map<string, number>();
  const oddAt = new Set<number>();
  let refused = 0;
  for (let at = 0; at < count; at += 1) {
    const judgement = judge(kind, kind.pick(columns, [at]), [BigInt(at + 1)], stream, batch);
    for (const { severity } of judgement.refusals) {
      if (severity === 'quarantine') held.push(at);
      else refused += 1;
    }
    for (const { rule } of judgement.findings) {
      flagged.set(rule, (flagged.get(rule) ?? 0) + 1);
      oddAt.add(at);
    }
  }
  return { held, flagged, refused, oddAt };
}

/** Makes single events wrong, far enough apart, and counts those that are held and those that are told. */
function injected<C>(series: Series<C>, factor: number): string {
  const dice = new Dice();
  const wrong = new Set<number>();
  let { columns } = series;
  for (let at = BATCH; at < series.count - 1; at += WRONG_ONE_IN) {
    const place = at + dice.between(0, WRONG_ONE_IN / 2);
    if (place >= series.count - 1) break;
    wrong.add(place);
    columns = series.setPrice(columns, place, factor);
  }
  const { held, oddAt } = judged(series, columns);
  const caught = held.filter((at) => wrong.has(at)).length;
  const told = [...wrong].filter((at) => oddAt.has(at) || held.includes(at)).length;
  const harmed = held.filter((at) => !wrong.has(at)).length;
  return `${caught}/${told} of ${wrong.size}${harmed > 0 ? `, ${harmed} clean held` : ''}`;
}

function time(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function trades(
  name: string,
  instrument: SettledInstrument,
  rows: Iterable<readonly [timeNs: bigint, price: number]>,
): Series<TradeColumns> {
  const columns = emptyTrades();
  let [last, ordinal] = [-1n, 0n];
  for (const [timeNs, price] of rows) {
    ordinal = timeNs === last ? ordinal + 1n : 0n;
    last = timeNs;
    columns.timeNs.push(timeNs);
    columns.seq.push(ordinal);
    columns.price.push(price);
    columns.size.push(1);
  }
  const setPrice = (of: TradeColumns, index: number, factor: number): TradeColumns => {
    const price = [...of.price];
    price[index] = (price[index] ?? NaN) * factor;
    return { ...of, price };
  };
  return { name, kind: TRADES, columns, count: columns.timeNs.length, instrument, setPrice };
}

function bars(
  name: string,
  instrument: SettledInstrument,
  interval: string,
  rows: Iterable<readonly [timeNs: bigint, open: number, high: number, low: number, close: number]>,
): Series<BarColumns> {
  const columns = emptyBars();
  const parsed = parseInterval(interval);
  let last = 0n;
  for (const [timeNs, open, high, low, close] of rows) {
    const startNs = parsed.ok ? intervalStartNs(parsed.value, timeNs) : timeNs;
    if (startNs <= last) continue;
    last = startNs;
    columns.startNs.push(startNs);
    columns.open.push(open);
    columns.high.push(high);
    columns.low.push(low);
    columns.close.push(close);
    columns.volume.push(1);
  }
  const setPrice = (of: BarColumns, index: number, factor: number): BarColumns => {
    const scaled = (values: readonly number[]): number[] =>
      values.map((value, at) => (at === index ? value * factor : value));
    return {
      ...of,
      open: scaled(of.open),
      high: scaled(of.high),
      low: scaled(of.low),
      close: scaled(of.close),
    };
  };
  return { name, kind: BARS, columns, count: columns.startNs.length, instrument, interval, setPrice };
}

const cells = (path: string, from = 0): readonly (readonly string[])[] =>
  linesOf(path)
    .slice(from)
    .map((line) => line.split(','));

function bacTrades(day: string): Series<TradeColumns> {
  const midnightNs = time(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T04:00:00Z`);
  return trades(
    `BAC trades ${day}`,
    { type: 'stock', calendar: 'XNYS' },
    cells(`lean/equity/usa/tick/bac/${day}_trade.zip`).map(([ms = '', price]) => [
      midnightNs + BigInt(ms) * NS_PER_MS,
      Number(price) / 10_000,
    ]),
  );
}

/** LEAN's minutes and days: time, then integers of a ten-thousandth or, of crypto, prices. */
function leanBars(
  name: string,
  path: string,
  of: {
    readonly interval: string;
    readonly day?: string;
    readonly scale: number;
    readonly instrument: SettledInstrument;
  },
): Series<BarColumns> {
  const { interval, day, scale, instrument } = of;
  const rows = cells(path).map(([when = '', open, high, low, close]) => {
    const timeNs =
      day === undefined
        ? time(`${when.slice(0, 4)}-${when.slice(4, 6)}-${when.slice(6, 8)}`)
        : time(day) + BigInt(when) * NS_PER_MS;
    return [
      timeNs,
      Number(open) / scale,
      Number(high) / scale,
      Number(low) / scale,
      Number(close) / scale,
    ] as const;
  });
  return bars(name, instrument, interval, rows);
}

const STOCK: SettledInstrument = { type: 'stock', calendar: 'XNYS' };
const ETF: SettledInstrument = { type: 'etf', calendar: 'XNYS' };
const CRYPTO: SettledInstrument = { type: 'crypto', calendar: '' };
const DAILY = { interval: '1d', scale: 10_000 };

function csvBars(
  name: string,
  path: string,
  interval: string,
  instrument: SettledInstrument,
  from = 1,
): Series<BarColumns> {
  const rows = cells(path, from).map(
    ([when = '', open, high, low, close]) =>
      [time(when), Number(open), Number(high), Number(low), Number(close)] as const,
  );
  return bars(name, instrument, interval, rows);
}

/** The month in front: closes alone. */
function oil(): Series<BarColumns> {
  const rows = cells('r_rtl_futures/futures_daily_CL_HO_NG_2007_2025.csv.gz', 1)
    .filter(([, series]) => series === 'CL01')
    .map(([when = '', , value]) => [time(when), ...quadruple(Number(value))] as const);
  return bars('Oil days (2020-04-20: -37.63)', { type: 'commodity', calendar: 'CME-ENERGY' }, '1d', rows);
}

function quadruple(value: number): readonly [number, number, number, number] {
  return [value, value, value, value];
}

function tradeSeries(): readonly Series<TradeColumns>[] {
  const bitstamp = cells('pyalgotrade_tests/bitstampUSD.csv.gz').map(
    ([seconds = '', price]) => [BigInt(seconds) * 1_000_000_000n, Number(price)] as const,
  );
  return [bacTrades('20131007'), bacTrades('20131008'), trades('BTC/USD 2011 trades', CRYPTO, bitstamp)];
}

function barSeries(): readonly Series<BarColumns>[] {
  const crypto = ['20161007', '20170903', '20170904', '20171217', '20180404', '20180405', '20180406'].map(
    (day) =>
      leanBars(`BTC/USD minutes ${day}`, `lean/crypto/coinbase/minute/btcusd/${day}_trade.zip`, {
        interval: '1m',
        day: `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`,
        scale: 1,
        instrument: CRYPTO,
      }),
  );
  return [
    ...crypto,
    leanBars('BTC/USD days', 'lean/crypto/coinbase/daily/btcusd_trade.zip', {
      interval: '1d',
      scale: 1,
      instrument: CRYPTO,
    }),
    leanBars('AAPL days (2000-09-29: -52 %; splits)', 'lean/equity/usa/daily/aapl.zip', {
      ...DAILY,
      instrument: STOCK,
    }),
    leanBars('SPY days (2008, 2020)', 'lean/equity/usa/daily/spy.zip', { ...DAILY, instrument: ETF }),
    leanBars('USO days (oil 2020, 1:8)', 'lean/equity/usa/daily/uso.zip', { ...DAILY, instrument: ETF }),
    leanBars('QQQ days', 'lean/equity/usa/daily/qqq.zip', { ...DAILY, instrument: ETF }),
    oil(),
    csvBars('XBT/USD minutes', 'google_finance_1m/bitfinex_xbtusd_1m.csv.gz', '1m', CRYPTO),
    csvBars('VIX days', 'datahub_public_domain/finance-vix__vix-daily.csv.gz', '1d', {
      type: 'index',
      calendar: '',
    }),
    csvBars('EUR/USD hours', 'backtesting_py/EURUSD.csv.gz', '1h', { type: 'currency', calendar: '' }),
  ];
}

function report<C>(series: Series<C>): void {
  const { held, flagged, refused } = judged(series, series.columns);
  const told = [...flagged].map(([rule, count]) => `${rule} ${count}`).join(', ');
  console.log(
    `${series.name.padEnd(40)}${String(series.count).padStart(8)}${String(held.length).padStart(6)}  ${told}${refused > 0 ? ` (${refused} refused for what they are)` : ''}`,
  );
}

function inject<C>(series: Series<C>): void {
  const cell = (factor: number): string => injected(series, factor).padEnd(22);
  console.log(`${series.name.padEnd(40)}${Object.values(WRONG).map(cell).join('')}`);
}

if (DATA_MISSING !== undefined) {
  console.log(DATA_MISSING);
} else {
  const [ofTrades, ofBars] = [tradeSeries(), barSeries()];
  console.log(`${'real'.padEnd(40)}  events  held  flagged`);
  ofTrades.forEach(report);
  ofBars.forEach(report);
  console.log(
    `\n${'put in: held/told of'.padEnd(40)}${Object.keys(WRONG)
      .map((name) => name.padEnd(22))
      .join('')}`,
  );
  ofTrades.slice(1).forEach(inject);
  ofBars.filter(({ interval }) => interval !== '1d').forEach(inject);
}
