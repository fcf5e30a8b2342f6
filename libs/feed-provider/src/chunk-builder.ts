import {
  emptyBars,
  emptyQuotes,
  emptyTrades,
  NS_PER_DAY,
  utcDateNumber,
  type CorporateAction,
  type Fundamental,
  type Interval,
  type PriceBasis,
  type PriceType,
} from '@tickwell/domain';
import type { FeedChunk } from '@tickwell/ports';
import type { Event } from './row.ts';

const MAX_CHUNK_EVENTS = 1000;

/** What the events of one stream have in common. */
export interface SeriesInfo {
  readonly priceBasis: PriceBasis;
  readonly priceType: PriceType;
  /** Of bars. */
  readonly interval: Interval | undefined;
}

interface Open {
  /** The kind, and which optional columns are filled: a batch has them full or empty. */
  readonly shape: string;
  readonly chunk: FeedChunk;
  readonly actions: CorporateAction[];
  readonly items: Fundamental[];
}

/** Makes columns of events, per symbol in the order they come. */
export class ChunkBuilder {
  readonly #info: SeriesInfo;
  readonly #open = new Map<string, Open>();
  #sealed: FeedChunk[] = [];
  #events = 0;

  constructor(info: SeriesInfo) {
    this.#info = info;
  }

  /** Events that wait to be taken. */
  get events(): number {
    return this.#events;
  }

  add(symbol: string, event: Event, seq: bigint, position: bigint): void {
    const shape = shapeOf(event);
    let open = this.#open.get(symbol);
    if (open !== undefined && (open.shape !== shape || open.chunk.positions.length >= MAX_CHUNK_EVENTS)) {
      this.#sealed.push(open.chunk);
      open = undefined;
    }
    if (open === undefined) {
      // What the symbol had in its last chunk comes first.
      this.#open.delete(symbol);
      const actions: CorporateAction[] = [];
      const items: Fundamental[] = [];
      open = { shape, actions, items, chunk: this.#newChunk(symbol, event.kind, actions, items) };
      this.#open.set(symbol, open);
    }
    append(open, event, seq, position, this.#info.interval);
    this.#events += 1;
  }

  take(): FeedChunk[] {
    const chunks = this.#sealed;
    for (const { chunk } of this.#open.values()) chunks.push(chunk);
    this.#open.clear();
    this.#sealed = [];
    this.#events = 0;
    return chunks;
  }

  #newChunk(
    symbol: string,
    kind: Event['kind'],
    actions: readonly CorporateAction[],
    items: readonly Fundamental[],
  ): FeedChunk {
    const { priceBasis, priceType, interval } = this.#info;
    const base = { symbol, priceBasis, positions: [] };
    switch (kind) {
      case 'bars':
        return { ...base, kind, interval: interval?.text ?? '', priceType, bars: emptyBars() };
      case 'trades':
        return { ...base, kind, trades: emptyTrades() };
      case 'quotes':
        return { ...base, kind, quotes: emptyQuotes() };
      case 'actions':
        return { ...base, kind, actions };
      case 'fundamentals':
        return { ...base, kind, items };
    }
  }
}

function shapeOf(event: Event): string {
  switch (event.kind) {
    case 'bars':
      return `bars ${event.volume !== undefined} ${event.vwap !== undefined} ${event.tradeCount !== undefined}`;
    case 'trades':
      return `trades ${event.conditions !== undefined} ${event.venue !== undefined}`;
    case 'quotes':
    case 'actions':
    case 'fundamentals':
      return event.kind;
  }
}

function append(
  { chunk, actions, items }: Open,
  event: Event,
  seq: bigint,
  position: bigint,
  interval: Interval | undefined,
): void {
  chunk.positions.push(position);
  if (chunk.kind === 'bars' && event.kind === 'bars') {
    const { bars } = chunk;
    const [open, high, low, close] = event.prices;
    bars.startNs.push(event.timeNs);
    bars.open.push(open);
    bars.high.push(high);
    bars.low.push(low);
    bars.close.push(close);
    if (event.volume !== undefined) bars.volume.push(event.volume);
    if (event.vwap !== undefined) bars.vwap.push(event.vwap);
    if (event.tradeCount !== undefined) bars.tradeCount.push(event.tradeCount);
    if (isDayOrLonger(interval)) bars.sessionDate.push(utcDateNumber(event.timeNs));
  } else if (chunk.kind === 'trades' && event.kind === 'trades') {
    const { trades } = chunk;
    trades.timeNs.push(event.timeNs);
    trades.seq.push(seq);
    trades.price.push(event.price);
    trades.size.push(event.size);
    if (event.conditions !== undefined) trades.conditions.push(event.conditions);
    if (event.venue !== undefined) trades.venue.push(event.venue);
  } else if (chunk.kind === 'quotes' && event.kind === 'quotes') {
    const { quotes } = chunk;
    quotes.timeNs.push(event.timeNs);
    quotes.seq.push(seq);
    quotes.bidPrice.push(event.bid);
    quotes.bidSize.push(event.bidSize);
    quotes.askPrice.push(event.ask);
    quotes.askSize.push(event.askSize);
  } else if (chunk.kind === 'actions' && event.kind === 'actions') {
    actions.push({ ...event.action, position });
  } else if (chunk.kind === 'fundamentals' && event.kind === 'fundamentals') {
    items.push({ ...event.item, position });
  }
}

export function isDayOrLonger(interval: Interval | undefined): boolean {
  return interval !== undefined && (interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY);
}
