import {
  emptyBars,
  emptyQuotes,
  emptyTrades,
  NS_PER_SECOND,
  type PriceBasis,
  type PriceType,
} from '@tickwell/domain';
import type { FeedChunk } from '@tickwell/ports';
import type { HistoryKind } from './ib-link.ts';
import type { IbBar, IbQuote, IbTrade } from './ib-messages.ts';
import type { Numbered } from './live-line.ts';

const toNs = (seconds: number): bigint => BigInt(seconds) * NS_PER_SECOND;
/** IB writes -1 (and, of sides without a quote, 0) for what it does not know. */
const known = (value: number): number => (value > 0 ? value : NaN);

interface Series {
  readonly symbol: string;
  readonly priceBasis: PriceBasis;
}

export function tradesChunk(
  of: Series,
  events: readonly Numbered<IbTrade>[],
  positions: bigint[],
): FeedChunk {
  const trades = emptyTrades();
  for (const { event, seq } of events) {
    trades.timeNs.push(toNs(event.time));
    trades.seq.push(BigInt(seq));
    trades.price.push(event.price);
    trades.size.push(event.size);
    trades.conditions.push(event.conditions);
    trades.venue.push(event.exchange);
  }
  return { kind: 'trades', ...of, trades, positions };
}

export function quotesChunk(
  of: Series,
  events: readonly Numbered<IbQuote>[],
  positions: bigint[],
): FeedChunk {
  const quotes = emptyQuotes();
  for (const { event, seq } of events) {
    const [bid, ask] = [known(event.bidPrice), known(event.askPrice)];
    quotes.timeNs.push(toNs(event.time));
    quotes.seq.push(BigInt(seq));
    quotes.bidPrice.push(bid);
    quotes.bidSize.push(Number.isNaN(bid) ? NaN : event.bidSize);
    quotes.askPrice.push(ask);
    quotes.askSize.push(Number.isNaN(ask) ? NaN : event.askSize);
  }
  return { kind: 'quotes', ...of, quotes, positions };
}

export function barsChunk(
  of: Series & { readonly interval: string; readonly what: HistoryKind },
  bars: readonly (Omit<IbBar, 'time'> & {
    readonly startNs: bigint;
    readonly sessionDate: number | undefined;
  })[],
  positions: bigint[],
): FeedChunk {
  const columns = emptyBars();
  // Prices that are no trades have no volume; a source without volumes leaves the columns out.
  const hasVolume = isOfTrades(of.what);
  for (const bar of bars) {
    columns.startNs.push(bar.startNs);
    columns.open.push(bar.open);
    columns.high.push(bar.high);
    columns.low.push(bar.low);
    columns.close.push(bar.close);
    if (bar.sessionDate !== undefined) columns.sessionDate.push(bar.sessionDate);
    if (!hasVolume) continue;
    columns.volume.push(Math.max(bar.volume, 0));
    columns.vwap.push(known(bar.wap));
    columns.tradeCount.push(Math.max(bar.count, 0));
  }
  const { symbol, priceBasis, interval } = of;
  return {
    kind: 'bars',
    symbol,
    priceBasis,
    interval,
    priceType: PRICE_TYPES[of.what],
    bars: columns,
    positions,
  };
}

function isOfTrades(what: HistoryKind): boolean {
  return what === 'TRADES' || what === 'ADJUSTED_LAST';
}

const PRICE_TYPES: Readonly<Record<HistoryKind, PriceType>> = {
  TRADES: 'trade',
  ADJUSTED_LAST: 'trade',
  MIDPOINT: 'mid',
  BID: 'bid',
  ASK: 'ask',
  BID_ASK: 'mid',
};

/** History of trades is adjusted for splits, ADJUSTED_LAST for dividends too ("Historical bar data", what to show); quotes for nothing. */
export function priceBasisOf(what: HistoryKind): PriceBasis {
  if (what === 'TRADES') return 'split-adjusted';
  return what === 'ADJUSTED_LAST' ? 'all' : 'raw';
}
