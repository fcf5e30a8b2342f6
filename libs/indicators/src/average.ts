import { EXACT_SUM_SLOTS, slideMeans, slideSum } from './exact-sum.ts';
import { at } from './rows.ts';
import { Window } from './window.ts';

/** The mean of the last `size` numbers, from their exact sum, as a part of a kernel: its slots begin at `first`. */
export class SlidingMean {
  static readonly slots = EXACT_SUM_SLOTS;
  readonly window: Window;
  readonly #first: number;

  constructor(size: number, first: number) {
    this.window = new Window(size);
    this.#first = first;
  }

  /** Takes a number; NaN until `size` have come. */
  next(state: Float64Array, value: number): number {
    this.window.push(value);
    const mean = slideSum(state, this.#first, this.window);
    return this.window.full ? mean : NaN;
  }

  /** As {@link next} for the numbers `from` … `to − 1` of a column, the means into the same rows of `out`. */
  run(state: Float64Array, source: Float64Array, out: Float64Array, from: number, to: number): void {
    const inside = Math.min(from + this.window.size, to);
    for (let row = from; row < inside; row += 1) out[row] = this.next(state, at(source, row));
    this.within(state, source, out, inside, to);
  }

  /** As {@link run}, where the `size` numbers before `from`, which came last, are in the column too: the window is not needed until the end. */
  within(state: Float64Array, source: Float64Array, out: Float64Array, from: number, to: number): void {
    if (from >= to) return;
    const { size } = this.window;
    slideMeans(state, this.#first, source, size, from, to, out, from);
    this.window.load(source.subarray(to - size - 1, to), true);
  }
}
