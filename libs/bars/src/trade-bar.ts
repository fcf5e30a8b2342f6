import type { StateReader, StateWriter, TradeColumns } from '@tickwell/domain';
import { averagePrice, type Bar } from './bar.ts';

const REST_OF_VOLUME = 1;
const REST_OF_VALUE = 2;
const PUBLISHED = 4;
const PARTIAL = 8;

/**
 * One bar while trades are added to it. The result does not depend on the order of the trades: open and close are the first and the
 * last by (time, seq), and the sums of size and of price × size are exact. Each is a pair of doubles, the rounded sum and what the
 * rounding left (Knuth's TwoSum, TAOCP vol. 2, 4.2.2): 106 bits, enough while the smallest digit of any size and the sum are less
 * than about 31 decimal digits apart. Beyond that the last bits are rounded in log order: the same log still gives the same bits.
 */
export class TradeBar {
  startNs = 0n;
  /** First time after the bar. */
  endNs = 0n;
  knownAtNs = 0n;
  openTimeNs = 0n;
  openSeq = 0n;
  closeTimeNs = 0n;
  closeSeq = 0n;
  open = 0;
  high = -Infinity;
  low = Infinity;
  close = 0;
  volume = 0;
  volumeRest = 0;
  value = 0;
  valueRest = 0;
  tradeCount = 0;
  /** A version has been put out. */
  published = false;
  /** It begins before the stream is known. */
  partial = false;

  /** A bar of an interval without trades, at the price of the last close before it; NaN: without any. */
  static empty(startNs: bigint, price: number, knownAtNs: bigint): TradeBar {
    const bar = new TradeBar();
    bar.startNs = startNs;
    bar.openTimeNs = startNs;
    bar.closeTimeNs = startNs;
    bar.carry(price, knownAtNs);
    return bar;
  }

  /** Sets all prices of a bar without trades. */
  carry(price: number, knownAtNs: bigint): void {
    this.open = price;
    this.high = price;
    this.low = price;
    this.close = price;
    this.knownAtNs = knownAtNs;
  }

  /** Adds the trades `from` up to, not including, `to`, all within the bar and ascending by (time, seq). Non-empty. */
  addRun(trades: TradeColumns, from: number, to: number, knownAtNs: bigint): void {
    if (this.tradeCount === 0) {
      this.high = -Infinity;
      this.low = Infinity;
    }
    this.#addEnds(trades, from, to - 1);
    const { price: prices, size: sizes } = trades;
    let { high, low, volume, volumeRest, value, valueRest } = this;
    for (let index = from; index < to; index += 1) {
      const price = (prices[index] ?? NaN) + 0; // -0 becomes 0: of two equal numbers the order must not choose
      const size = sizes[index] ?? NaN;
      if (price > high) high = price;
      if (price < low) low = price;
      // The two sums are written out: as calls that return pairs they took four times as long.
      let sum = volume + size;
      let part = sum - volume;
      let rest = volumeRest + (volume - (sum - part) + (size - part));
      volume = sum + rest;
      part = volume - sum;
      volumeRest = sum - (volume - part) + (rest - part);
      const paid = price * size;
      sum = value + paid;
      part = sum - value;
      rest = valueRest + (value - (sum - part) + (paid - part));
      value = sum + rest;
      part = value - sum;
      valueRest = sum - (value - part) + (rest - part);
    }
    this.high = high;
    this.low = low;
    this.volume = volume;
    this.volumeRest = volumeRest;
    this.value = value;
    this.valueRest = valueRest;
    this.tradeCount += to - from;
    if (knownAtNs > this.knownAtNs) this.knownAtNs = knownAtNs;
  }

  get vwap(): number {
    return averagePrice(this.value, this.volume, this.low, this.high);
  }

  /** What is known of it now. */
  toBar(corrected: boolean): Bar {
    const { startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount, partial } = this;
    const { volumeRest, value, valueRest } = this;
    const sums = { volumeRest, value, valueRest };
    return { startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount, corrected, partial, sums };
  }

  #addEnds(trades: TradeColumns, first: number, last: number): void {
    const empty = this.tradeCount === 0;
    const openTimeNs = trades.timeNs[first] ?? 0n;
    const openSeq = trades.seq[first] ?? 0n;
    if (empty || precedes(openTimeNs, openSeq, this.openTimeNs, this.openSeq)) {
      this.openTimeNs = openTimeNs;
      this.openSeq = openSeq;
      this.open = (trades.price[first] ?? NaN) + 0;
    }
    const closeTimeNs = trades.timeNs[last] ?? 0n;
    const closeSeq = trades.seq[last] ?? 0n;
    if (empty || !precedes(closeTimeNs, closeSeq, this.closeTimeNs, this.closeSeq)) {
      this.closeTimeNs = closeTimeNs;
      this.closeSeq = closeSeq;
      this.close = (trades.price[last] ?? NaN) + 0;
    }
  }

  write(writer: StateWriter): void {
    writer.int64(this.startNs).int64(this.knownAtNs - this.startNs);
    writer.int64(this.openTimeNs - this.startNs).int64(this.openSeq);
    writer.int64(this.closeTimeNs - this.openTimeNs).int64(this.closeSeq);
    writer.double(this.open).double(this.high).double(this.low).double(this.close);
    const flags =
      (this.volumeRest === 0 ? 0 : REST_OF_VOLUME) +
      (this.valueRest === 0 ? 0 : REST_OF_VALUE) +
      (this.published ? PUBLISHED : 0) +
      (this.partial ? PARTIAL : 0);
    writer.uint(this.tradeCount).uint(flags).double(this.volume).double(this.value);
    if (this.volumeRest !== 0) writer.double(this.volumeRest);
    if (this.valueRest !== 0) writer.double(this.valueRest);
  }

  /** The opposite of {@link write}; `endNs` is left to the caller, who knows the interval. */
  read(reader: StateReader): void {
    this.startNs = reader.int64();
    this.knownAtNs = this.startNs + reader.int64();
    this.openTimeNs = this.startNs + reader.int64();
    this.openSeq = reader.int64();
    this.closeTimeNs = this.openTimeNs + reader.int64();
    this.closeSeq = reader.int64();
    this.open = reader.double();
    this.high = reader.double();
    this.low = reader.double();
    this.close = reader.double();
    this.tradeCount = reader.uint();
    const flags = reader.uint();
    this.volume = reader.double();
    this.value = reader.double();
    this.volumeRest = (flags & REST_OF_VOLUME) === 0 ? 0 : reader.double();
    this.valueRest = (flags & REST_OF_VALUE) === 0 ? 0 : reader.double();
    this.published = (flags & PUBLISHED) !== 0;
    this.partial = (flags & PARTIAL) !== 0;
  }

  /** Bytes that {@link write} takes at least. */
  static readonly MIN_BYTES = 56;
}

/** Whether the first key comes before the second. */
function precedes(timeNs: bigint, seq: bigint, thanTimeNs: bigint, thanSeq: bigint): boolean {
  return timeNs < thanTimeNs || (timeNs === thanTimeNs && seq < thanSeq);
}
