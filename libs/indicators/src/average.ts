import { EXACT_SUM_SLOTS, meanOf, slideSum } from './exact-sum.ts';
import { Window } from './window.ts';

/** The mean of the last `size` numbers, from their exact sum, as a part of a kernel: its slots begin at `at`. */
export class SlidingMean {
  static readonly slots = EXACT_SUM_SLOTS;
  readonly window: Window;
  readonly #at: number;

  constructor(size: number, at: number) {
    this.window = new Window(size);
    this.#at = at;
  }

  /** Takes a number; NaN until `size` have come. */
  next(state: Float64Array, value: number): number {
    this.window.push(value);
    slideSum(state, this.#at, this.window);
    return this.window.full ? meanOf(state, this.#at, this.window.size) : NaN;
  }
}
