import { TickwellError } from '@tickwell/domain';

/** How many indicators this process computes at a time: each holds windows of up to some hundred kilobytes. */
export class IndicatorBudget {
  readonly #most: number;
  #used = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get used(): number {
    return this.#used;
  }

  /** Rejects with `limit-exceeded` where they would be too many; else give them back with {@link release}. */
  take(count: number): void {
    if (this.#used + count > this.#most)
      throw new TickwellError(
        'limit-exceeded',
        `${this.#used} indicators are being computed, and ${count} more are too many for the ${this.#most} of this process: try again, with fewer, or name the source`,
        { retryable: true },
      );
    this.#used += count;
  }

  release(count: number): void {
    this.#used -= count;
  }
}
