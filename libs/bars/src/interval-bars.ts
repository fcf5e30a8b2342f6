import {
  intervalEndNs,
  intervalStartNs,
  readState,
  type Interval,
  type StateReader,
  type StateWriter,
  type TradeColumns,
} from '@tickwell/domain';
import type { Bar, ClosedBars, TooLate } from './bar.ts';
import { RetainedBars } from './retained-bars.ts';
import { TradeBar } from './trade-bar.ts';

export interface BarLimits {
  /** How many closed bars of each interval late trades can still correct. */
  readonly retainedBars: number;
  /** How many bars of each interval may wait for the watermark. */
  readonly formingBars: number;
}

interface LateCount {
  count: number;
  firstNs: bigint;
  lastNs: bigint;
  volume: number;
}

export interface Settled {
  readonly closed: ClosedBars;
  readonly forced: number;
  readonly tooLate: TooLate | null;
}

/** Bars of one interval, built of trades. */
export class IntervalBars {
  readonly interval: Interval;
  readonly #limits: BarLimits;
  /** Bars that have trades no version put out holds yet, ascending; between two records these are the forming ones. */
  readonly #open: TradeBar[] = [];
  readonly #closed = new RetainedBars();
  #current: TradeBar | undefined;
  /** Bars that end at or before are closed. */
  #lineNs: bigint | null = null;
  /** Start of the last bar that left the retained ones: up to here everything is final. */
  #floorNs: bigint | null = null;
  #late: LateCount | null = null;

  constructor(interval: Interval, limits: BarLimits) {
    this.interval = interval;
    this.#limits = limits;
  }

  /** Adds trades `from` up to, not including, `to`, ascending by (time, seq). */
  addRun(trades: TradeColumns, from: number, to: number, knownAtNs: bigint): void {
    let index = from;
    while (index < to) {
      const timeNs = trades.timeNs[index] ?? 0n;
      const bar = this.#barOf(timeNs);
      const endNs = bar?.endNs ?? intervalEndNs(this.interval, intervalStartNs(this.interval, timeNs));
      const next = firstFrom(trades.timeNs, endNs, index + 1, to);
      if (bar === undefined) this.#countLate(trades, index, next);
      else bar.addRun(trades, index, next, knownAtNs);
      index = next;
    }
  }

  /**
   * Moves the watermark and puts out, by start, the bars that close by it and those of earlier that trades were added to. More
   * forming bars than the limit are closed without the watermark, oldest first; `forced` counts them. Null: nothing to say.
   */
  settle(watermarkNs: bigint): Settled | null {
    if (watermarkNs > 0n) this.#raiseLine(watermarkNs);
    const waiting = this.#open.length <= this.#limits.formingBars;
    const [first] = this.#open;
    // Most records close nothing.
    if (waiting && this.#late === null && (first === undefined || !this.#isClosed(first))) return null;
    let ready = this.#readyCount();
    let forced = 0;
    while (this.#open.length - ready > this.#limits.formingBars) {
      this.#raiseLine(this.#open[ready]?.endNs ?? 0n);
      ready += 1;
      forced += 1;
    }
    const bars = this.#open.splice(0, ready).map((bar) => this.#publish(bar));
    const tooLate = this.#late === null ? null : { interval: this.interval.text, ...this.#late };
    this.#late = null;
    const claimNs = this.#lineNs === null ? 0n : intervalStartNs(this.interval, this.#lineNs);
    return { closed: { interval: this.interval, bars, watermarkNs: claimNs }, forced, tooLate };
  }

  write(writer: StateWriter): void {
    writeOptional(writer, this.#lineNs);
    writeOptional(writer, this.#floorNs);
    this.#closed.write(writer);
    writer.uint(this.#open.length);
    for (const bar of this.#open) bar.write(writer);
  }

  /** Reads what {@link write} wrote into a new instance; more bars than this one's limit are let go, oldest first. */
  read(reader: StateReader): void {
    this.#lineNs = readOptional(reader);
    this.#floorNs = readOptional(reader);
    const closed = reader.count(TradeBar.MIN_BYTES);
    const packed = readState(reader.block(), (inner) => {
      for (let left = closed; left > 0; left -= 1) this.#closed.insert(this.#readBar(inner));
    });
    if (!packed.ok) reader.fail(`closed bars: ${packed.error}`);
    for (let left = reader.count(TradeBar.MIN_BYTES); left > 0; left -= 1) {
      this.#open.push(this.#readBar(reader));
    }
    this.#evict();
  }

  #readBar(reader: StateReader): TradeBar {
    const bar = new TradeBar();
    bar.read(reader);
    bar.endNs = intervalEndNs(this.interval, bar.startNs);
    return bar;
  }

  /** The bar that takes a trade of this time; undefined when it is too late for it. */
  #barOf(timeNs: bigint): TradeBar | undefined {
    const current = this.#current;
    if (current !== undefined && timeNs >= current.startNs && timeNs < current.endNs) return current;
    const startNs = intervalStartNs(this.interval, timeNs);
    let at = this.#open.length;
    while (at > 0 && (this.#open[at - 1]?.startNs ?? 0n) > startNs) at -= 1;
    const known = this.#open[at - 1];
    const bar = known?.startNs === startNs ? known : this.#openBar(startNs, at);
    if (bar !== undefined) this.#current = bar;
    return bar;
  }

  /** Opens a new bar, or again a closed one. */
  #openBar(startNs: bigint, at: number): TradeBar | undefined {
    const endNs = intervalEndNs(this.interval, startNs);
    const index = this.#closed.indexOf(startNs);
    const isRetained = index < this.#closed.size && this.#closed.startNs(index) === startNs;
    if (!isRetained && this.#lineNs !== null && endNs <= this.#lineNs && this.#isTooOld(startNs))
      return undefined;
    const bar = isRetained ? this.#closed.load(index) : new TradeBar();
    if (isRetained) this.#closed.remove(index);
    bar.startNs = startNs;
    bar.endNs = endNs;
    this.#open.splice(at, 0, bar);
    return bar;
  }

  /** A bar that could not be kept until its other late trades arrive would go out in part: then rather not at all. */
  #isTooOld(startNs: bigint): boolean {
    if (this.#floorNs !== null && startNs <= this.#floorNs) return true;
    const retained = this.#closed.size + this.#readyCount();
    if (retained < this.#limits.retainedBars) return false;
    const open = this.#open[0]?.startNs;
    const oldest = this.#closed.size > 0 ? this.#closed.startNs(0) : open;
    return oldest !== undefined && startNs < (open !== undefined && open < oldest ? open : oldest);
  }

  #isClosed(bar: TradeBar): boolean {
    return this.#lineNs !== null && bar.endNs <= this.#lineNs;
  }

  #readyCount(): number {
    const forming = this.#open.findIndex((bar) => !this.#isClosed(bar));
    return forming === -1 ? this.#open.length : forming;
  }

  #raiseLine(toNs: bigint): void {
    if (this.#lineNs === null || toNs > this.#lineNs) this.#lineNs = toNs;
  }

  #publish(bar: TradeBar): Bar {
    const { startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount, published } = bar;
    bar.published = true;
    this.#closed.insert(bar);
    this.#evict();
    if (this.#current === bar) this.#current = undefined;
    return { startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount, corrected: published };
  }

  #evict(): void {
    while (this.#closed.size > this.#limits.retainedBars) {
      const leaving = this.#closed.startNs(0);
      if (this.#floorNs === null || leaving > this.#floorNs) this.#floorNs = leaving;
      this.#closed.remove(0);
    }
  }

  #countLate(trades: TradeColumns, from: number, to: number): void {
    const firstNs = trades.timeNs[from] ?? 0n;
    const lastNs = trades.timeNs[to - 1] ?? 0n;
    this.#late ??= { count: 0, firstNs, lastNs, volume: 0 };
    this.#late.count += to - from;
    if (firstNs < this.#late.firstNs) this.#late.firstNs = firstNs;
    if (lastNs > this.#late.lastNs) this.#late.lastNs = lastNs;
    for (let index = from; index < to; index += 1) this.#late.volume += trades.size[index] ?? 0;
  }
}

/** Index of the first time at or after `wantedNs` among ascending times, between `from` and `to`. */
function firstFrom(timesNs: readonly bigint[], wantedNs: bigint, from: number, to: number): number {
  // Most often the rest of the run is in the bar.
  if ((timesNs[to - 1] ?? 0n) < wantedNs) return to;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesNs[middle] ?? 0n) < wantedNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function writeOptional(writer: StateWriter, value: bigint | null): void {
  writer.flag(value !== null);
  if (value !== null) writer.int64(value);
}

function readOptional(reader: StateReader): bigint | null {
  return reader.flag() ? reader.int64() : null;
}
