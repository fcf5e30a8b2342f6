/** Events of one recorded trading day as columns: offsets count from the start of its session. Never changed once built. */

export interface TradeColumns {
  readonly offsetsMs: Int32Array;
  readonly prices: Float64Array;
  readonly sizes: Float64Array;
  /** Index into `EXCHANGES`. */
  readonly exchanges: Uint8Array;
}

export interface QuoteColumns {
  readonly offsetsMs: Int32Array;
  readonly bids: Float64Array;
  readonly asks: Float64Array;
  readonly bidSizes: Float64Array;
  readonly askSizes: Float64Array;
}

export interface DayEvents {
  readonly trades: TradeColumns;
  readonly quotes: QuoteColumns;
}

/** As IB names them; in brackets the letter of the consolidated tape. */
export const EXCHANGES = [
  '',
  'NYSE', // N
  'ARCA', // P
  'NASDAQ', // Q
  'BEX', // B
  'NYSENAT', // C
  'FINRA', // D
  'EDGEA', // J
  'DRCTEDGE', // K
  'CHX', // M
  'CBOE', // W
  'PSX', // X
  'BYX', // Y
  'BATS', // Z
  'CME',
  'PAXOS',
] as const;

export type Exchange = (typeof EXCHANGES)[number];

const TAPE_LETTERS = ' NPQBCDJKMWXYZ';

export function exchangeOfTapeLetter(charCode: number): number {
  return Math.max(0, TAPE_LETTERS.indexOf(String.fromCharCode(charCode)));
}

export function exchangeIndex(name: Exchange): number {
  return EXCHANGES.indexOf(name);
}

/** Bytes of a row of each, for the bound of the cache. */
const TRADE_BYTES = 21;
const QUOTE_BYTES = 36;

export function byteLengthOf(events: DayEvents): number {
  return events.trades.offsetsMs.length * TRADE_BYTES + events.quotes.offsetsMs.length * QUOTE_BYTES;
}

/** First index whose offset is not below the given one. */
export function lowerBound(offsetsMs: Int32Array, offsetMs: number): number {
  let low = 0;
  let high = offsetsMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsetsMs[middle] ?? 0) < offsetMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class TradeBuilder {
  #offsets: number[] = [];
  #prices: number[] = [];
  #sizes: number[] = [];
  #exchanges: number[] = [];

  add(offsetMs: number, price: number, size: number, exchange: number): void {
    this.#offsets.push(offsetMs);
    this.#prices.push(price);
    this.#sizes.push(size);
    this.#exchanges.push(exchange);
  }

  build(): TradeColumns {
    const order = stableOrder(this.#offsets);
    return {
      offsetsMs: Int32Array.from(order, (index) => this.#offsets[index] ?? 0),
      prices: Float64Array.from(order, (index) => this.#prices[index] ?? 0),
      sizes: Float64Array.from(order, (index) => this.#sizes[index] ?? 0),
      exchanges: Uint8Array.from(order, (index) => this.#exchanges[index] ?? 0),
    };
  }
}

export class QuoteBuilder {
  #offsets: number[] = [];
  #bids: number[] = [];
  #asks: number[] = [];
  #bidSizes: number[] = [];
  #askSizes: number[] = [];

  add(offsetMs: number, bid: number, ask: number, bidSize: number, askSize: number): void {
    this.#offsets.push(offsetMs);
    this.#bids.push(bid);
    this.#asks.push(ask);
    this.#bidSizes.push(bidSize);
    this.#askSizes.push(askSize);
  }

  build(): QuoteColumns {
    const order = stableOrder(this.#offsets);
    return {
      offsetsMs: Int32Array.from(order, (index) => this.#offsets[index] ?? 0),
      bids: Float64Array.from(order, (index) => this.#bids[index] ?? 0),
      asks: Float64Array.from(order, (index) => this.#asks[index] ?? 0),
      bidSizes: Float64Array.from(order, (index) => this.#bidSizes[index] ?? 0),
      askSizes: Float64Array.from(order, (index) => this.#askSizes[index] ?? 0),
    };
  }
}

/** Indices in time order; events of equal time keep the order in which they were recorded. */
function stableOrder(offsetsMs: readonly number[]): Uint32Array {
  const order = Uint32Array.from(offsetsMs, (_, index) => index);
  const sorted = offsetsMs.every((offset, index) => index === 0 || offset >= (offsetsMs[index - 1] ?? 0));
  return sorted ? order : order.sort((a, b) => (offsetsMs[a] ?? 0) - (offsetsMs[b] ?? 0) || a - b);
}
