import { NS_PER_DAY, utcDateNumber, type BarColumns, type Interval } from '@tickwell/domain';

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
}

/** Inputs that came after their bar had left the retained ones: they are in no bar, and somebody has to say so. */
export interface TooLate {
  readonly interval: string;
  readonly count: number;
  /** Event time (start, for bars) of the earliest and the latest of them. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Sum of their volume, so that volume in = volume of the bars + volume too late. */
  readonly volume: number;
}

/** What one interval put out: bars by start, each in its newest version. */
export interface ClosedBars {
  readonly interval: Interval;
  readonly bars: readonly Bar[];
  /** Every bar that starts before has been put out. */
  readonly watermarkNs: bigint;
}

/** Bars as columns, for a batch of one interval. `sessionDate` is the UTC date for bars of a day and longer: sessions of other days need the calendar. */
export function toBarColumns(interval: Interval, bars: readonly Bar[]): BarColumns {
  const daily = interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY;
  const counted = bars.every((bar) => !Number.isNaN(bar.tradeCount));
  return {
    startNs: bars.map((bar) => bar.startNs),
    open: bars.map((bar) => bar.open),
    high: bars.map((bar) => bar.high),
    low: bars.map((bar) => bar.low),
    close: bars.map((bar) => bar.close),
    volume: known(bars.map((bar) => bar.volume)),
    vwap: known(bars.map((bar) => bar.vwap)),
    tradeCount: counted ? bars.map((bar) => bar.tradeCount) : [],
    sessionDate: daily ? bars.map((bar) => utcDateNumber(bar.startNs)) : [],
  };
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
