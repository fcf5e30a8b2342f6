import { EventBytes } from './event-bytes.ts';
import type { BarColumns, PriceType, QuoteColumns, TradeColumns } from './events.ts';
import type { Words } from './murmur3.ts';

const WORD = 0x1_0000_0000;
const WORD_BITS = 32n;
const HASH_BYTES = 16;

/** How many events, and the sum of their hashes modulo 2^128: the same in whatever order they come, another where one is missing, doubled or different. */
export class EventSum {
  #events = 0;
  readonly #words: Words = [0, 0, 0, 0];

  /** From {@link toBytes}; undefined where it is not 16 bytes. */
  static fromBytes(events: number, bytes: Uint8Array): EventSum | undefined {
    if (bytes.length !== HASH_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const sum = new EventSum();
    sum.#events = events;
    for (let at = 0; at < 4; at += 1) sum.#words[at] = view.getUint32(at * 4, true);
    return sum;
  }

  get events(): number {
    return this.#events;
  }

  /** The hash as a little-endian number of 16 bytes. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(HASH_BYTES);
    const view = new DataView(bytes.buffer);
    for (const [at, word] of this.#words.entries()) view.setUint32(at * 4, word, true);
    return bytes;
  }

  /** From 0 to 2^128 - 1. */
  get hash(): bigint {
    return this.#words.reduceRight((value, word) => (value << WORD_BITS) | BigInt(word), 0n);
  }

  add(other: EventSum): void {
    this.#events += other.#events;
    this.#carry(other.#words);
  }

  addHash(hash: Words): void {
    this.#events += 1;
    this.#carry(hash);
  }

  equals(other: EventSum): boolean {
    return this.#events === other.#events && this.hash === other.hash;
  }

  #carry(added: Words): void {
    const words = this.#words;
    let carry = 0;
    for (let at = 0; at < 4; at += 1) {
      const sum = (words[at] ?? 0) + (added[at] ?? 0) + carry;
      carry = sum >= WORD ? 1 : 0;
      words[at] = sum - carry * WORD;
    }
  }
}

/** Kinds of events as a stream tells them apart. */
export type SummedKind = 'trades' | 'quotes' | 'bars' | 'indicators' | 'forming-bars';

const KIND_BYTE: Readonly<Record<SummedKind, number>> = {
  trades: 1,
  quotes: 2,
  bars: 3,
  indicators: 4,
  'forming-bars': 5,
};

interface SeriesOfEvents {
  readonly source: string;
  readonly symbol: string;
}

type SeriesOfBars = SeriesOfEvents & { readonly interval: string; readonly priceType: PriceType };

/** One for all: nothing is written across a turn of the event loop. */
const bytes = new EventBytes();
const hash: Words = [0, 0, 0, 0];

function begin(kind: SummedKind, { source, symbol }: SeriesOfEvents): void {
  bytes.clear();
  bytes.byte(KIND_BYTE[kind]);
  bytes.text(source);
  bytes.text(symbol);
}

function summed(count: number, write: (at: number) => void): EventSum {
  bytes.mark();
  const sum = new EventSum();
  for (let at = 0; at < count; at += 1) {
    bytes.rewind();
    write(at);
    bytes.hash(hash);
    sum.addHash(hash);
  }
  return sum;
}

export function sumOfTrades(series: SeriesOfEvents, trades: TradeColumns): EventSum {
  const { timeNs, seq, price, size, conditions, venue } = trades;
  begin('trades', series);
  return summed(timeNs.length, (at) => {
    bytes.int64(timeNs[at] ?? 0n);
    bytes.int64(seq[at] ?? 0n);
    bytes.double(price[at] ?? Number.NaN);
    bytes.double(size[at] ?? Number.NaN);
    bytes.text(conditions[at] ?? '');
    bytes.text(venue[at] ?? '');
  });
}

export function sumOfQuotes(series: SeriesOfEvents, quotes: QuoteColumns): EventSum {
  const { timeNs, seq, bidPrice, bidSize, askPrice, askSize } = quotes;
  begin('quotes', series);
  return summed(timeNs.length, (at) => {
    bytes.int64(timeNs[at] ?? 0n);
    bytes.int64(seq[at] ?? 0n);
    for (const column of [bidPrice, bidSize, askPrice, askSize]) bytes.double(column[at] ?? Number.NaN);
  });
}

export function sumOfBars(
  kind: 'bars' | 'forming-bars',
  series: SeriesOfBars,
  columns: BarColumns,
): EventSum {
  const { startNs, open, high, low, close, volume, vwap, tradeCount, sessionDate } = columns;
  begin(kind, series);
  bytes.text(series.interval);
  bytes.text(series.priceType);
  return summed(startNs.length, (at) => {
    bytes.int64(startNs[at] ?? 0n);
    for (const column of [open, high, low, close, volume, vwap]) bytes.double(column[at] ?? Number.NaN);
    bytes.uint32(tradeCount[at] ?? 0);
    bytes.uint32(sessionDate[at] ?? 0);
  });
}

/** One event per bar: the values of one specification, outputs by name. */
export function sumOfIndicators(
  series: SeriesOfBars & { readonly specId: string },
  {
    startNs,
    warm,
    outputs,
  }: {
    readonly startNs: readonly bigint[];
    readonly warm: readonly boolean[];
    readonly outputs: readonly { readonly name: string; readonly value: readonly number[] }[];
  },
): EventSum {
  const byName = [...outputs].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  begin('indicators', series);
  bytes.text(series.interval);
  bytes.text(series.priceType);
  bytes.text(series.specId);
  bytes.uint32(byName.length);
  for (const { name } of byName) bytes.text(name);
  return summed(startNs.length, (at) => {
    bytes.int64(startNs[at] ?? 0n);
    bytes.byte(warm[at] === true ? 1 : 0);
    for (const { value } of byName) bytes.double(value[at] ?? Number.NaN);
  });
}

export interface SeriesSum {
  readonly symbol: string;
  readonly source: string;
  readonly kind: SummedKind;
  readonly sum: EventSum;
}

/** Sums by symbol, source and kind, and of all together. */
export class EventLedger {
  readonly #series = new Map<string, SeriesSum>();
  readonly total = new EventSum();

  add({ symbol, source, kind, sum }: SeriesSum): void {
    const key = `${symbol}\n${source}\n${kind}`;
    const known = this.#series.get(key);
    if (known === undefined) {
      const own = new EventSum();
      own.add(sum);
      this.#series.set(key, { symbol, source, kind, sum: own });
    } else known.sum.add(sum);
    this.total.add(sum);
  }

  /** Ordered by symbol, source, kind. */
  series(): readonly SeriesSum[] {
    return [...this.#series].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, one]) => one);
  }

  of({ symbol, source, kind }: Omit<SeriesSum, 'sum'>): EventSum {
    return this.#series.get(`${symbol}\n${source}\n${kind}`)?.sum ?? new EventSum();
  }
}
