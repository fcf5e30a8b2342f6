/** The sample that comes with a package (ta4j-examples, MIT): what a fresh clone has for a market. */
import { readZipEntry } from '../archive.ts';
import type { ExchangeCalendar } from '../calendar.ts';
import { exchangeIndex, TradeBuilder, type TradeColumns } from '../columns.ts';
import { quotesOfTrades } from '../prints.ts';
import type { RecordedDay, Recording, TimedBar } from '../recording.ts';
import { scanRows, splitRows } from '../rows.ts';
import { asRecords } from './csv-bars.ts';

type Bar = Omit<TimedBar, 'offsetMs'>;

const MS_PER_DAY = 86_400_000;
const FIVE_MINUTES_MS = 300_000;

/** Bitstamp's BTC/USD trades of 2013-11-25 to 12-01: seven days from midnight to midnight UTC, stamped to the second. Without those of size 0. */
export function sampleBitcoin(jar: string, id: string): Recording {
  let days: readonly RecordedDay[] | undefined;
  return { id, days: () => (days ??= readBitcoin(jar)) };
}

function readBitcoin(jar: string): readonly RecordedDay[] {
  const builders = new Map<number, TradeBuilder>();
  const exchange = exchangeIndex('PAXOS');
  scanRows(readZipEntry(jar, 'bitstamp_trades_from_20131125_usd.csv'), 3, (row) => {
    const [seconds = Number.NaN, price = 0, size = 0] = row;
    // The header's first letter is no time of this century.
    if (!(seconds > 1e9) || size <= 0) return;
    const day = Math.floor((seconds * 1000) / MS_PER_DAY);
    const builder = builders.get(day) ?? new TradeBuilder();
    builders.set(day, builder);
    builder.add(seconds * 1000 - day * MS_PER_DAY, price, size, exchange);
  });
  return [...builders]
    .sort(([a], [b]) => a - b)
    .map(([day, builder]) => {
      const trades: TradeColumns = builder.build();
      return { day, load: () => ({ trades, quotes: quotesOfTrades(trades, 0.01) }) };
    });
}

/** Daily bars of Apple in 2013, each as one bar over the regular hours of its day. */
export function* sampleApple(jar: string, calendar: ExchangeCalendar): Generator<Bar> {
  const rows = splitRows(readZipEntry(jar, 'appleinc_bars_from_20130101_usd.csv'), 1);
  for (const [date = '', open, high, low, close, volume] of rows) {
    const session = calendar.tradingDay(Date.parse(`${date}T00:00:00Z`) / MS_PER_DAY);
    if (session === undefined) continue;
    yield {
      startMs: session.regularStartMs,
      lengthMs: session.regularEndMs - session.regularStartMs,
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume: Number(volume),
    };
  }
}

/** Five-minute bars of ETH/USD in March 2023, stamped with the last millisecond in them. */
export function* sampleEther(jar: string): Generator<Bar> {
  const file: unknown = JSON.parse(
    readZipEntry(jar, 'ETH-USD-PT5M-2023-3-13_2023-3-15.json').toString('utf8'),
  );
  const rows = typeof file === 'object' && file !== null && 'ohlc' in file ? file.ohlc : [];
  for (const row of asRecords(rows)) {
    const volume = Number(row['volume']);
    if (volume <= 0) continue;
    yield {
      startMs: Number(row['endTime']) + 1 - FIVE_MINUTES_MS,
      lengthMs: FIVE_MINUTES_MS,
      open: Number(row['openPrice']),
      high: Number(row['highPrice']),
      low: Number(row['lowPrice']),
      close: Number(row['closePrice']),
      volume,
    };
  }
}
