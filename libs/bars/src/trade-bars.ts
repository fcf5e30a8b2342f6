import {
  err,
  pickTrades,
  readState,
  StateWriter,
  type Interval,
  type Result,
  type TradeColumns,
} from '@tickwell/domain';
import type { ClosedBars, TooLate } from './bar.ts';
import { IntervalBars, type BarLimits } from './interval-bars.ts';

export const DEFAULT_BAR_LIMITS: BarLimits = { retainedBars: 64, formingBars: 256 };

/** Larger numbers are no prices or sizes, and their products would not be finite. */
const MAX_MAGNITUDE = 1e100;
const STATE_VERSION = 1;

export interface TradesInput {
  /** In log order; left out, only the watermark moves. */
  readonly trades?: TradeColumns;
  readonly knownAtNs: bigint;
  /** Every trade before has come, with this input; 0n makes no claim. */
  readonly watermarkNs: bigint;
}

export interface TradeBarsOutcome {
  /** Per interval with bars to put out. */
  readonly closed: readonly ClosedBars[];
  readonly tooLate: readonly TooLate[];
  /** Trades that are in no bar because price or size is no finite number up to 1e100, or the size is negative. */
  readonly refused: number;
  /** Intervals where more bars waited for the watermark than the limit, and how many were closed without it. */
  readonly forced: readonly { readonly interval: string; readonly bars: number }[];
}

/**
 * Bars of one series of trades, of several intervals at once. Bars close by the watermark alone, intervals without trades have no bar,
 * and a forming bar is state: nothing of it is put out.
 *
 * - open and close are the prices first and last by (time, seq); volume is the exact sum of sizes and vwap the exact sum of the products
 *   price × size (each rounded to a double) over it, both rounded once. So a bar does not depend on the order or the batches its trades
 *   came in, nor on restarts. (See {@link TradeBar} for the one limit of exact.)
 * - A trade below the watermark corrects its bar, or makes it, as long as the bar is among the `retainedBars` last closed ones of its
 *   interval; what comes later is counted and reported. The corrected bar goes out once per input, with all of the input's trades.
 */
export class TradeBars {
  readonly #intervals: readonly IntervalBars[];

  constructor(intervals: readonly Interval[], limits: BarLimits = DEFAULT_BAR_LIMITS) {
    this.#intervals = intervals.map((interval) => new IntervalBars(interval, limits));
  }

  apply(input: TradesInput): TradeBarsOutcome {
    const given = input.trades;
    const trades = given === undefined ? undefined : usable(given);
    if (trades !== undefined) this.#add(trades, input.knownAtNs);
    const closed: ClosedBars[] = [];
    const tooLate: TooLate[] = [];
    const forced: { interval: string; bars: number }[] = [];
    for (const bars of this.#intervals) {
      const settled = bars.settle(input.watermarkNs);
      if (settled === null) continue;
      if (settled.closed.bars.length > 0) closed.push(settled.closed);
      if (settled.tooLate !== null) tooLate.push(settled.tooLate);
      if (settled.forced > 0) forced.push({ interval: bars.interval.text, bars: settled.forced });
    }
    const refused = (given?.timeNs.length ?? 0) - (trades?.timeNs.length ?? 0);
    return { closed, tooLate, refused, forced };
  }

  /** Everything that later bars depend on, exactly. Equal inputs give equal bytes. */
  snapshot(): Uint8Array<ArrayBuffer> {
    const writer = new StateWriter().uint(STATE_VERSION).uint(this.#intervals.length);
    for (const bars of this.#intervals) {
      const part = new StateWriter();
      bars.write(part);
      writer.text(bars.interval.text).block(part.finish());
    }
    return writer.finish();
  }

  /**
   * Goes on where a snapshot was taken. An interval that is new since then starts empty, one that is gone is left out. The error is
   * one line: bytes that are damaged, or of a newer version.
   */
  static restore(
    bytes: Uint8Array,
    intervals: readonly Interval[],
    limits: BarLimits = DEFAULT_BAR_LIMITS,
  ): Result<TradeBars, string> {
    const restored = new TradeBars(intervals, limits);
    const parts = readState(bytes, (reader) => {
      const version = reader.uint();
      if (version !== STATE_VERSION) reader.fail(`version ${version}, this build reads ${STATE_VERSION}`);
      return Array.from({ length: reader.count(2) }, () => [reader.text(), reader.block()] as const);
    });
    if (!parts.ok) return err(`state of trade bars: ${parts.error}`);
    for (const [text, part] of parts.value) {
      const bars = restored.#intervals.find((candidate) => candidate.interval.text === text);
      const read =
        bars === undefined
          ? undefined
          : readState(part, (reader) => {
              bars.read(reader);
            });
      if (read?.ok === false) return err(`state of ${text} trade bars: ${read.error}`);
    }
    return { ok: true, value: restored };
  }

  /** Cuts the trades where their order turns back: within a run all that an interval needs to compare are its ends. */
  #add(trades: TradeColumns, knownAtNs: bigint): void {
    const { timeNs, seq } = trades;
    let from = 0;
    for (let index = 1; index <= timeNs.length; index += 1) {
      if (index < timeNs.length && !turnsBack(timeNs, seq, index)) continue;
      for (const bars of this.#intervals) bars.addRun(trades, from, index, knownAtNs);
      from = index;
    }
  }
}

function turnsBack(timeNs: readonly bigint[], seq: readonly bigint[], index: number): boolean {
  const before = timeNs[index - 1] ?? 0n;
  const now = timeNs[index] ?? 0n;
  if (now !== before) return now < before;
  return (seq[index] ?? 0n) < (seq[index - 1] ?? 0n);
}

/** The trades a bar can hold: all of them, as they are, in what a validated topic delivers. */
function usable(trades: TradeColumns): TradeColumns {
  const { price, size } = trades;
  const good: number[] = [];
  for (let index = 0; index < price.length; index += 1) {
    if (isUsable(price[index] ?? NaN, size[index] ?? NaN)) good.push(index);
  }
  return good.length === price.length ? trades : pickTrades(trades, good);
}

function isUsable(price: number, size: number): boolean {
  return Math.abs(price) <= MAX_MAGNITUDE && size >= 0 && size <= MAX_MAGNITUDE;
}
