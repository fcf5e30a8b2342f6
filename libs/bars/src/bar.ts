import { NS_PER_DAY, utcDateNumber, type BarColumns, type BarLength, type PriceType } from '@tickwell/domain';

/** One version of one bar. NaN marks what is not known: `volume` and `tradeCount` where the input has none, `vwap` without volume. */
export interface Bar {
  readonly startNs: bigint;
  /** The greatest known-at of the inputs. */
  readonly knownAtNs: bigint;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly vwap: number;
  readonly tradeCount: number;
  /** An earlier version of this bar went out before. */
  readonly corrected: boolean;
  /** The stream is not known from this bar's start on: some of its trades may be missing. */
  readonly partial: boolean;
  /** The sums before they were rounded; left out where only the rounded ones are known. */
  readonly sums?: ExactSums;
}

/**
 * The exact sums behind volume and vwap, each as the rounded sum and what the rounding left: what makes bars of bars equal, bit for bit, to
 * bars of the trades.
 */
export interface ExactSums {
  readonly volumeRest: number;
  /** Sum of price × size. */
  readonly value: number;
  readonly valueRest: number;
}

/** Inputs that are in no bar: they came after it had left the retained ones, or outside of the sessions. Somebody has to say so. */
export interface LeftOut {
  readonly interval: string;
  readonly count: number;
  /** Event time (start, for bars) of the earliest and the latest of them. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Sum of their volume, so that volume in = volume of the bars + volume left out. */
  readonly volume: number;
}

/** What one interval put out: bars by start, each in its newest version. */
export interface ClosedBars {
  readonly interval: BarLength;
  /** Of the plan that built them. */
  readonly id: string;
  readonly bars: readonly Bar[];
  /** Every bar that starts before has been put out. */
  readonly watermarkNs: bigint;
}

/** A bar that goes on: what is known of it so far. */
export interface FormingBar {
  readonly interval: BarLength;
  readonly id: string;
  readonly bar: Bar;
}

/**
 * Bars as columns, for a batch of one interval. `sessionDate` is the date of the start, midnight UTC, of bars of a day and longer. Bars of quotes
 * have no volume, average or count of trades.
 */
export function toBarColumns(
  interval: BarLength,
  bars: readonly Bar[],
  priceType: PriceType = 'trade',
): BarColumns {
  const traded = priceType === 'trade';
  const counted = traded && bars.every((bar) => !Number.isNaN(bar.tradeCount));
  return {
    startNs: bars.map((bar) => bar.startNs),
    open: bars.map((bar) => bar.open),
    high: bars.map((bar) => bar.high),
    low: bars.map((bar) => bar.low),
    close: bars.map((bar) => bar.close),
    volume: traded ? known(bars.map((bar) => bar.volume)) : [],
    vwap: traded ? known(bars.map((bar) => bar.vwap)) : [],
    tradeCount: counted ? bars.map((bar) => bar.tradeCount) : [],
    sessionDate: isDaily(interval) ? bars.map((bar) => utcDateNumber(bar.startNs)) : [],
  };
}

/** Whether bars start at a date and not at a time of day. */
export function isDaily(interval: BarLength): boolean {
  if (interval.kind === 'threshold') return false;
  return interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY;
}

/** A column of which nothing is known is left out. */
function known(column: number[]): number[] {
  return column.every((value) => Number.isNaN(value)) ? [] : column;
}

/** A quotient of rounded sums can leave the bar's range by a last bit: an average never does. */
export function averagePrice(value: number, volume: number, low: number, high: number): number {
  if (volume === 0) return NaN;
  return Math.min(Math.max(value / volume, low), high);
}
