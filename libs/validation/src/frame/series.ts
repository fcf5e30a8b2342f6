import { pricesAt, valueAt } from './columns.ts';
import type { BarFrame } from './bar-frame.ts';
import { median, robustSigma } from './robust.ts';

const NEIGHBOURS = 20;

/**
 * What the rules need of a frame in time order: its rows that have a price, and how much the price usually moves. Rows without a
 * close, or with one that is no price, are not in `valid`, and every "before" and "after" steps over them.
 */
export class PriceSeries {
  readonly frame: BarFrame;
  /** Indexes of rows with a close above 0, in time order. */
  readonly valid: readonly number[];
  /** Log returns of close between neighbours of {@link valid}; the first is NaN. */
  readonly returns: Float64Array;
  /** Standard deviation of those. */
  readonly sigma: number;
  /** Whether the source counts volume at all: an index or a currency has none. */
  readonly hasVolume: boolean;

  constructor(frame: BarFrame) {
    this.frame = frame;
    const valid: number[] = [];
    frame.close.forEach((value, index) => {
      if (value > 0 && value < Infinity) valid.push(index);
    });
    this.valid = valid;
    this.returns = Float64Array.from(valid, (_row, at) =>
      at === 0 ? NaN : Math.log(this.close(at) / this.close(at - 1)),
    );
    this.sigma = robustSigma([...this.returns]);
    const volume = frame.volume;
    this.hasVolume =
      volume !== undefined && valid.filter((index) => valueAt(volume, index) > 0).length > valid.length / 2;
  }

  get length(): number {
    return this.valid.length;
  }

  /** Index into the frame of the row at a place in the series. */
  row(at: number): number {
    return this.valid[at] ?? -1;
  }

  close(at: number): number {
    return valueAt(this.frame.close, this.row(at));
  }

  returnAt(at: number): number {
    return this.returns[at] ?? NaN;
  }

  volume(at: number): number {
    return valueAt(this.frame.volume, this.row(at));
  }

  prices(at: number): readonly [number, number, number, number] {
    return pricesAt(this.frame, this.row(at));
  }

  /** Open; close where there is no usable one. */
  open(at: number): number {
    const [open] = this.prices(at);
    return open > 0 && open < Infinity ? open : this.close(at);
  }

  /** Usual move around a place, without the moves into and out of it: the larger of here and everywhere. */
  sigmaAround(at: number): number {
    const near: number[] = [];
    for (let other = at - NEIGHBOURS; other <= at + NEIGHBOURS; other++) {
      if (other < at || other > at + 1) near.push(this.returnAt(other));
    }
    return Math.max(this.sigma, robustSigma(near));
  }

  /** Median volume of the rows before a place that traded; NaN: none did. */
  volumeBefore(at: number): number {
    const before: number[] = [];
    for (let other = Math.max(0, at - NEIGHBOURS); other < at; other++) {
      const volume = this.volume(other);
      if (volume > 0) before.push(volume);
    }
    return median(before);
  }

  /** Nothing changed hands: the row carries a price, or somebody's quote. False where the source counts no volume. */
  isCarried(at: number): boolean {
    return this.hasVolume && !(this.volume(at) > 0);
  }
}
