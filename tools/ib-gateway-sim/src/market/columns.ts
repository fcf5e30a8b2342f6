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

/** A column that grows: a day of trades has a quarter of a million rows, for which lists of numbers are too slow. */
class Growing {
  #values = new Float64Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}

export class TradeBuilder {
  readonly #offsets = new Growing();
  readonly #prices = new Growing();
  readonly #sizes = new Growing();
  readonly #exchanges = new Growing();

  add(offsetMs: number, price: number, size: number, exchange: number): void {
    this.#offsets.push(offsetMs);
    this.#prices.push(price);
    this.#sizes.push(size);
    this.#exchanges.push(exchange);
  }

  build(): TradeColumns {
    const order = stableOrder(this.#offsets.values);
    return {
      offsetsMs: new Int32Array(ordered(this.#offsets.values, order)),
      prices: ordered(this.#prices.values, order),
      sizes: ordered(this.#sizes.values, order),
      exchanges: new Uint8Array(ordered(this.#exchanges.values, order)),
    };
  }
}

export class QuoteBuilder {
  readonly #offsets = new Growing();
  readonly #bids = new Growing();
  readonly #asks = new Growing();
  readonly #bidSizes = new Growing();
  readonly #askSizes = new Growing();

  add(offsetMs: number, bid: number, ask: number, bidSize: number, askSize: number): void {
    this.#offsets.push(offsetMs);
    this.#bids.push(bid);
    this.#asks.push(ask);
    this.#bidSizes.push(bidSize);
    this.#askSizes.push(askSize);
  }

  build(): QuoteColumns {
    const order = stableOrder(this.#offsets.values);
    return {
      offsetsMs: new Int32Array(ordered(this.#offsets.values, order)),
      bids: ordered(this.#bids.values, order),
      asks: ordered(this.#asks.values, order),
      bidSizes: ordered(this.#bidSizes.values, order),
      askSizes: ordered(this.#askSizes.values, order),
    };
  }
}

/** Undefined: the rows are in order of time already, as nearly all recordings are. */
function stableOrder(offsetsMs: Float64Array): Uint32Array | undefined {
  if (offsetsMs.every((offset, index) => index === 0 || offset >= (offsetsMs[index - 1] ?? 0)))
    return undefined;
  const order = Uint32Array.from(offsetsMs, (_, index) => index);
  // Events of equal time keep the order in which they were recorded.
  return order.sort((a, b) => (offsetsMs[a] ?? 0) - (offsetsMs[b] ?? 0) || a - b);
}

function ordered(values: Float64Array, order: Uint32Array | undefined): Float64Array {
  return order === undefined ? values.slice() : Float64Array.from(order, (index) => values[index] ?? 0);
}
