/** Free places behind the window, so that moving it to the front costs little per input. */
function slack(size: number): number {
  return Math.max(16, size >> 1);
}

/**
 * The last `size` numbers of a series, contiguous in memory and in order of arrival, plus the one that the last input made leave (an
 * incremental sum subtracts it). Undoing the last push is exact: nothing that it needs has been overwritten.
 */
export class Window {
  readonly size: number;
  /** Read-only for users: the window is `data[end - size] … data[end - 1]`, the one that left is `data[end - size - 1]`. */
  readonly data: Float64Array;
  end = 0;
  /** How many numbers are kept: up to `size`, and one more if the last input made one leave. */
  length = 0;
  #pushed = false;

  constructor(size: number) {
    this.size = size;
    this.data = new Float64Array(size + 1 + slack(size));
  }

  get full(): boolean {
    return this.length >= this.size;
  }

  push(value: number): void {
    if (this.end === this.data.length) {
      this.data.copyWithin(0, this.end - this.size, this.end);
      this.end = this.size;
    }
    this.data[this.end] = value;
    this.end += 1;
    if (this.length <= this.size) this.length += 1;
    this.#pushed = true;
  }

  /** The number that left the window at the last push; only when more than `size` numbers have come. */
  get leaving(): number {
    return this.data[this.end - this.size - 1] ?? NaN;
  }

  /** The number that came last. */
  get newest(): number {
    return this.data[this.end - 1] ?? NaN;
  }

  get hasLeaving(): boolean {
    return this.length > this.size;
  }

  /**
   * Starts an input, to which `undo` returns; at most one number is pushed per input. What left at an earlier input is dropped
   * here, so that the kept numbers after an undo are those of a window to which nothing was pushed.
   */
  mark(): void {
    this.#pushed = false;
    if (this.length > this.size) this.length = this.size;
  }

  undo(): void {
    if (!this.#pushed) return;
    this.end -= 1;
    this.length -= 1;
    this.#pushed = false;
  }

  /** Whether the last input pushed a number. */
  get pushed(): boolean {
    return this.#pushed;
  }

  /** A copy of the kept numbers, oldest first. */
  values(): Float64Array {
    return this.data.slice(this.end - this.length, this.end);
  }

  /** The opposite of `values` and `pushed`; at most `size + 1` numbers. */
  load(values: Float64Array, pushed: boolean): void {
    this.data.set(values);
    this.end = values.length;
    this.length = values.length;
    this.#pushed = pushed;
  }
}
