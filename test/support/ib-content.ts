import type { Market } from '@tickwell/ib-gateway-sim';
import type { StackEndpoints } from '@tickwell/local-stack';
import { ContentHash } from './content-hash.ts';
import { queryStore } from './store.ts';

type Series = 'trades' | 'quotes' | 'bars';

/** One live series of the feed `ib`. */
export interface LiveSeries {
  readonly symbol: string;
  readonly conId: number;
  readonly series: Series;
}

/** Number of rows and their hash, by the hour, so that a difference tells where to look. */
interface Content {
  /** First second, ms since the epoch. */
  readonly firstMs: number;
  readonly hours: Readonly<Record<string, string>>;
}

const BAR_MS = 5000;
const COLUMNS: Readonly<Record<Series, string>> = {
  trades: 'ts::long, seq, price, size',
  quotes: 'ts::long, seq, bid_price, bid_size, ask_price, ask_size',
  bars: 'ts::long, open, high, low, close, volume, trade_count',
};

function contentOf(rows: Iterable<readonly (string | number)[]>, firstMs: number): Content {
  const hours = new Map<string, ContentHash>();
  for (const row of rows) {
    const hour = new Date(Number(row[0])).toISOString().slice(0, 13);
    const hash = hours.get(hour) ?? new ContentHash();
    hours.set(hour, hash);
    hash.add(...row);
  }
  return { firstMs, hours: Object.fromEntries([...hours].map(([hour, hash]) => [hour, hash.digest()])) };
}

/** Rows before `toMs`, every version of each. */
export async function storedContent(
  endpoints: Pick<StackEndpoints, 'questdbHttpUrl'>,
  { symbol, series }: LiveSeries,
  toMs: number,
): Promise<Content> {
  const kind = series === 'bars' ? ` and interval = '5s'` : '';
  const sql = `select ${COLUMNS[series]} from ${series} where source = 'ib' and symbol = '${symbol}'${kind} and ts < '${new Date(toMs).toISOString()}' order by ts`;
  const rows = await queryStore(endpoints, sql);
  const numbers = rows.map(([ts = '', ...values]) => [
    String(BigInt(ts) / 1_000_000n),
    ...values.map(Number),
  ]);
  return contentOf(numbers, Number(numbers[0]?.[0] ?? Number.NaN));
}

/** What the market says: ticks in whole seconds, numbered within the second. */
export function marketContent(
  market: Market,
  { conId, series }: LiveSeries,
  span: { readonly fromMs: number; readonly toMs: number },
): Content {
  return contentOf(ROWS[series](market, conId, span), span.fromMs);
}

type Span = Parameters<Market['trades']>[1];
type Row = readonly (string | number)[];

const ROWS: Readonly<Record<Series, (market: Market, conId: number, span: Span) => Generator<Row>>> = {
  trades: (market, conId, span) => numbered(market.trades(conId, span), ({ price, size }) => [price, size]),
  quotes: (market, conId, span) =>
    numbered(market.quotes(conId, span), ({ bid, bidSize, ask, askSize }) => [bid, bidSize, ask, askSize]),
  bars: barsOf,
};

function* numbered<T extends { readonly timeMs: number }>(
  ticks: Iterable<T>,
  values: (tick: T) => readonly number[],
): Generator<Row> {
  let second = Number.NaN;
  let seq = 0;
  for (const tick of ticks) {
    const at = Math.floor(tick.timeMs / 1000);
    seq = at === second ? seq + 1 : 0;
    second = at;
    yield [String(at * 1000), seq, ...values(tick)];
  }
}

function* barsOf(market: Market, conId: number, span: Span): Generator<Row> {
  const of = { ...span, barMs: BAR_MS, whatToShow: 'TRADES' as const, useRth: false };
  for (const { startMs, open, high, low, close, volume, count } of market.bars(conId, of))
    yield [String(startMs), open, high, low, close, volume, count];
}
