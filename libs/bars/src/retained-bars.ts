import type { TradeBar } from './trade-bar.ts';

const TIMES = 6;
const NUMBERS = 9;

/**
 * The closed bars a late trade can still correct, ascending by start. They are packed: as objects they would take three times the
 * memory, and a platform with thousands of symbols holds hundreds of them for each.
 */
export class RetainedBars {
  #times = new BigInt64Array(0);
  #numbers = new Float64Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Start of the bar at `index`, which must be below {@link size}. */
  startNs(index: number): bigint {
    return this.#times[index * TIMES] ?? 0n;
  }

  /** Where the bar of this start is, or would be put. */
  indexOf(startNs: bigint): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.startNs(middle) < startNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Copies the bar at `index` to `bar`, all but its end. */
  load(index: number, bar: TradeBar): void {
    const times = this.#times;
    const at = index * TIMES;
    bar.startNs = times[at] ?? 0n;
    bar.knownAtNs = times[at + 1] ?? 0n;
    bar.openTimeNs = times[at + 2] ?? 0n;
    bar.openSeq = times[at + 3] ?? 0n;
    bar.closeTimeNs = times[at + 4] ?? 0n;
    bar.closeSeq = times[at + 5] ?? 0n;
    const numbers = this.#numbers;
    const from = index * NUMBERS;
    bar.open = numbers[from] ?? NaN;
    bar.high = numbers[from + 1] ?? NaN;
    bar.low = numbers[from + 2] ?? NaN;
    bar.close = numbers[from + 3] ?? NaN;
    bar.volume = numbers[from + 4] ?? NaN;
    bar.volumeRest = numbers[from + 5] ?? NaN;
    bar.value = numbers[from + 6] ?? NaN;
    bar.valueRest = numbers[from + 7] ?? NaN;
    bar.tradeCount = numbers[from + 8] ?? NaN;
    bar.published = true;
  }

  insert(bar: TradeBar): void {
    if ((this.#size + 1) * TIMES > this.#times.length) this.#grow();
    const index = this.indexOf(bar.startNs);
    this.#times.copyWithin((index + 1) * TIMES, index * TIMES, this.#size * TIMES);
    this.#numbers.copyWithin((index + 1) * NUMBERS, index * NUMBERS, this.#size * NUMBERS);
    this.#size += 1;
    this.#times.set(
      [bar.startNs, bar.knownAtNs, bar.openTimeNs, bar.openSeq, bar.closeTimeNs, bar.closeSeq],
      index * TIMES,
    );
    const { open, high, low, close, volume, volumeRest, value, valueRest, tradeCount } = bar;
    this.#numbers.set(
      [open, high, low, close, volume, volumeRest, value, valueRest, tradeCount],
      index * NUMBERS,
    );
  }

  remove(index: number): void {
    this.#times.copyWithin(index * TIMES, (index + 1) * TIMES, this.#size * TIMES);
    this.#numbers.copyWithin(index * NUMBERS, (index + 1) * NUMBERS, this.#size * NUMBERS);
    this.#size -= 1;
  }

  #grow(): void {
    const capacity = Math.max(8, this.#size * 2);
    const times = new BigInt64Array(capacity * TIMES);
    const numbers = new Float64Array(capacity * NUMBERS);
    times.set(this.#times);
    numbers.set(this.#numbers);
    this.#times = times;
    this.#numbers = numbers;
  }
}
