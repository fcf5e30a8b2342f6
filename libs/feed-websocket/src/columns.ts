import { emptyBars, emptyQuotes, emptyTrades, type PriceBasis } from '@tickwell/domain';
import type { ChunkMaker, FeedChunk } from '@tickwell/ports';
import type { Series } from './definition.ts';
import type { BarEvent, MarketEvent, QuoteEvent, TradeEvent } from './events.ts';
import type { Numbered } from './series-line.ts';

interface Line {
  readonly symbol: string;
  readonly priceBasis: PriceBasis;
  readonly interval: string;
}

type Of<E extends MarketEvent> = Omit<Numbered, 'event'> & { readonly event: E };

/** Makes the chunks of one series. */
export function chunkMaker(series: Series, line: Line): ChunkMaker<Numbered> {
  switch (series) {
    case 'trades':
      return (events, positions) => tradesChunk(line, allOf(events, isTrade), positions);
    case 'quotes':
      return (events, positions) => quotesChunk(line, allOf(events, isQuote), positions);
    case 'bars':
      return (events, positions) => barsChunk(line, allOf(events, isBar), positions);
  }
}

const isTrade = (of: Numbered): of is Of<TradeEvent> => of.event.series === 'trades';
const isQuote = (of: Numbered): of is Of<QuoteEvent> => of.event.series === 'quotes';
const isBar = (of: Numbered): of is Of<BarEvent> => of.event.series === 'bars';

function allOf<E extends Numbered>(
  events: readonly Numbered[],
  is: (event: Numbered) => event is E,
): readonly E[] {
  if (events.every(is)) return events;
  throw new TypeError('a line of a feed holds events of another series');
}

function tradesChunk(
  { symbol, priceBasis }: Line,
  events: readonly Of<TradeEvent>[],
  positions: bigint[],
): FeedChunk {
  const trades = emptyTrades();
  for (const { event, seq } of events) {
    trades.timeNs.push(event.timeNs);
    trades.seq.push(seq);
    trades.price.push(event.price);
    trades.size.push(event.size);
    trades.conditions.push(event.conditions);
    trades.venue.push(event.venue);
  }
  return { kind: 'trades', symbol, priceBasis, trades, positions };
}

function quotesChunk(
  { symbol, priceBasis }: Line,
  events: readonly Of<QuoteEvent>[],
  positions: bigint[],
): FeedChunk {
  const quotes = emptyQuotes();
  for (const { event, seq } of events) {
    quotes.timeNs.push(event.timeNs);
    quotes.seq.push(seq);
    quotes.bidPrice.push(event.bidPrice);
    quotes.bidSize.push(event.bidSize);
    quotes.askPrice.push(event.askPrice);
    quotes.askSize.push(event.askSize);
  }
  return { kind: 'quotes', symbol, priceBasis, quotes, positions };
}

/** A column that the feed does not give is left out; one that it sometimes gives has NaN, a count 0. */
function barsChunk(
  { symbol, priceBasis, interval }: Line,
  events: readonly Of<BarEvent>[],
  positions: bigint[],
): FeedChunk {
  const bars = emptyBars();
  const has = (name: 'volume' | 'vwap' | 'tradeCount'): boolean =>
    events.some(({ event }) => event[name] !== undefined);
  const [hasVolume, hasVwap, hasCount] = [has('volume'), has('vwap'), has('tradeCount')];
  for (const { event } of events) {
    bars.startNs.push(event.timeNs);
    bars.open.push(event.open);
    bars.high.push(event.high);
    bars.low.push(event.low);
    bars.close.push(event.close);
    if (hasVolume) bars.volume.push(event.volume ?? NaN);
    if (hasVwap) bars.vwap.push(event.vwap ?? NaN);
    if (hasCount) bars.tradeCount.push(event.tradeCount ?? 0);
  }
  return { kind: 'bars', symbol, priceBasis, interval, priceType: 'trade', bars, positions };
}
