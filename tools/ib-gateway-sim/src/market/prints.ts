import { QuoteBuilder, TradeBuilder, type QuoteColumns, type TradeColumns } from './columns.ts';

/** A recorded bar within a trading day. */
export interface RecordedBar {
  /** Start, counted from the start of the session. */
  readonly offsetMs: number;
  readonly lengthMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export interface RecordedQuoteBar {
  readonly offsetMs: number;
  readonly lengthMs: number;
  readonly bid: Ohlc;
  readonly ask: Ohlc;
  readonly bidSize: number;
  readonly askSize: number;
}

interface Ohlc {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** One made event for so much time. Shorter bars have four all the same: open, both extremes, close. */
const MS_PER_EVENT = 5000;
/** What a bar is never cut into more of (a whole regular day at one in five seconds is 4,680). */
const MAX_EVENTS = 5000;
/** Sizes are whole numbers of this. */
const SIZE_UNITS = 1e8;

/**
 * Trades that give the bars back when they are aggregated: the first of a bar is its open, the last its close, high and low are
 * reached in between (low first in a rising bar), the others lie on straight lines between those; volume is split evenly. Nothing
 * is random: the same bars make the same trades.
 *
 * @param tick Step of the prices in between; recorded prices are used as they are.
 */
export function tradesOfBars(
  bars: readonly RecordedBar[],
  options: { readonly tick: number; readonly exchange: number },
): TradeColumns {
  const builder = new TradeBuilder();
  for (const bar of bars) {
    const way = compressed(waypoints(bar, bar.close >= bar.open));
    const whole = Number.isInteger(bar.volume);
    const wanted = eventsIn(bar.lengthMs);
    // Nobody trades less than one share; an index, whose volume is 0, has as many prints as its bars are long.
    const count =
      whole && bar.volume > 0
        ? Math.max(way.length, Math.min(wanted, bar.volume))
        : Math.max(way.length, wanted);
    const prices = along(count < 4 ? way : waypoints(bar, bar.close >= bar.open), count, bar, options.tick);
    const sizes = split(bar.volume, prices.length, whole ? 1 : SIZE_UNITS);
    prices.forEach((price, index) => {
      builder.add(momentOf(bar, index, prices.length), price, sizes[index] ?? 0, options.exchange);
    });
  }
  return builder.build();
}

/** Quotes that give the bars of both sides back. Repetitions within a bar are left out. */
export function quotesOfBars(bars: readonly RecordedQuoteBar[], tick: number): QuoteColumns {
  const builder = new QuoteBuilder();
  for (const bar of bars) {
    const rising = bar.bid.close + bar.ask.close >= bar.bid.open + bar.ask.open;
    const count = eventsIn(bar.lengthMs);
    const bids = along(waypoints(bar.bid, rising), count, bar.bid, tick);
    const asks = along(waypoints(bar.ask, rising), count, bar.ask, tick);
    bids.forEach((bid, index) => {
      const ask = asks[index] ?? bid;
      if (index > 0 && bid === bids[index - 1] && ask === asks[index - 1]) return;
      builder.add(momentOf(bar, index, count), bid, ask, bar.bidSize, bar.askSize);
    });
  }
  return builder.build();
}

/**
 * Quotes for a recording that has trades only: after a higher price the trade was at the offer, after a lower one at the bid; the
 * other side is a tick away. Sizes are those of the last two trades.
 */
export function quotesOfTrades(trades: TradeColumns, tick: number): QuoteColumns {
  const builder = new QuoteBuilder();
  let last = 0;
  let atAsk = true;
  for (let index = 0; index < trades.prices.length; index++) {
    const price = trades.prices[index] ?? 0;
    if (index > 0 && price === last) continue;
    if (index > 0) atAsk = price > last;
    last = price;
    const size = trades.sizes[index] ?? 0;
    const before = trades.sizes[Math.max(0, index - 1)] ?? 0;
    builder.add(
      trades.offsetsMs[index] ?? 0,
      atAsk ? onGrid(price - tick, tick) : price,
      atAsk ? price : onGrid(price + tick, tick),
      atAsk ? before : size,
      atAsk ? size : before,
    );
  }
  return builder.build();
}

function eventsIn(lengthMs: number): number {
  return Math.min(MAX_EVENTS, Math.max(4, Math.floor(lengthMs / MS_PER_EVENT)));
}

function momentOf(bar: { offsetMs: number; lengthMs: number }, index: number, count: number): number {
  return bar.offsetMs + Math.floor((bar.lengthMs * index) / count);
}

function waypoints(bar: Ohlc, rising: boolean): readonly number[] {
  return rising ? [bar.open, bar.low, bar.high, bar.close] : [bar.open, bar.high, bar.low, bar.close];
}

function compressed(way: readonly number[]): readonly number[] {
  return way.filter((price, index) => index === 0 || price !== way[index - 1]);
}

/** `count` prices through all waypoints, the first and the last at the ends. */
function along(way: readonly number[], count: number, bounds: Ohlc, tick: number): readonly number[] {
  if (count <= way.length) return way;
  const legs = way.length - 1;
  const prices: number[] = [];
  const places = way.map((_, index) => Math.round((index * (count - 1)) / Math.max(1, legs)));
  for (let leg = 0; leg < legs; leg++) {
    const [from = 0, to = 0] = [places[leg], places[leg + 1]];
    const [a = 0, b = 0] = [way[leg], way[leg + 1]];
    for (let place = from; place < to; place++) {
      const price = place === from ? a : onGrid(a + ((b - a) * (place - from)) / (to - from), tick);
      prices.push(place === from ? price : Math.min(bounds.high, Math.max(bounds.low, price)));
    }
  }
  prices.push(way[legs] ?? 0);
  while (prices.length < count) prices.push(way[legs] ?? 0);
  return prices;
}

function onGrid(price: number, tick: number): number {
  return Number((Math.round(price / tick) * tick).toFixed(8));
}

/** Parts that add up to the total, in whole units; they differ by one unit at most. */
function split(total: number, count: number, unitsPerOne: number): readonly number[] {
  const units = Math.round(total * unitsPerOne);
  const base = Math.floor(units / count);
  const rest = units - base * count;
  return Array.from({ length: count }, (_, index) => (base + (index < rest ? 1 : 0)) / unitsPerOne);
}
