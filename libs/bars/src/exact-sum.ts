/**
 * The sum of doubles, rounded once: a pair of doubles holds it as {@link TradeBar} describes, so it does not depend on their order.
 */
export class ExactSum {
  #sum = 0;
  #rest = 0;

  add(value: number): void {
    const sum = this.#sum + value;
    const part = sum - this.#sum;
    const rest = this.#rest + (this.#sum - (sum - part) + (value - part));
    this.#sum = sum + rest;
    const back = this.#sum - sum;
    this.#rest = sum - (this.#sum - back) + (rest - back);
  }

  get value(): number {
    return this.#sum;
  }

  /** What rounding {@link value} left. */
  get rest(): number {
    return this.#rest;
  }
}
