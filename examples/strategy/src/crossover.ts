/** What a strategy wants to do. */
export interface Signal {
  readonly side: 'buy' | 'sell';
  readonly fast: number;
  readonly slow: number;
}

/**
 * Crossover of two simple moving averages: buy when the fast one rises above the slow one, sell when it falls below. A bar that is
 * corrected replaces the close it had.
 */
export class Crossover {
  readonly #fast: number;
  readonly #slow: number;
  /** Closes by start of the bar, oldest first; as many as the slow average needs. */
  readonly #closes = new Map<bigint, number>();
  #newestNs = -1n;
  #above: boolean | undefined;

  /** @throws RangeError unless 1 <= fast < slow */
  constructor(fast: number, slow: number) {
    if (!Number.isInteger(fast) || !Number.isInteger(slow) || fast < 1 || fast >= slow) {
      throw new RangeError(`fast ${fast} and slow ${slow}: want whole numbers, 1 <= fast < slow`);
    }
    this.#fast = fast;
    this.#slow = slow;
  }

  /** Takes a closed bar; a signal when the averages have crossed since the bar before. */
  add(startNs: bigint, close: number): Signal | undefined {
    if (startNs <= this.#newestNs) {
      // A correction changes what follows, but a signal already given stays given.
      if (this.#closes.has(startNs)) this.#closes.set(startNs, close);
      return undefined;
    }
    this.#newestNs = startNs;
    this.#closes.set(startNs, close);
    const [oldest] = this.#closes.keys();
    if (this.#closes.size > this.#slow && oldest !== undefined) this.#closes.delete(oldest);
    if (this.#closes.size < this.#slow) return undefined;
    const closes = [...this.#closes.values()];
    const fast = mean(closes.slice(-this.#fast));
    const slow = mean(closes);
    if (fast === slow) return undefined;
    const before = this.#above;
    this.#above = fast > slow;
    if (before === undefined || before === this.#above) return undefined;
    return { side: this.#above ? 'buy' : 'sell', fast, slow };
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
