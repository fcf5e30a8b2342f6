import type { StateReader, StateWriter } from '@tickwell/domain';
import type { IndicatorInput } from '../input.ts';

/** A bar as the engine keeps it. `volume` 0 and no `vwap` where the source has none. */
export interface SeriesBar extends IndicatorInput {
  readonly knownAtNs: bigint;
}

const NUMBERS = 6;
const TIMES = 2;

/** The newest bars of a series, ascending by start, packed: as objects they would take three times the memory. */
export class BarWindow {
  #times = new BigInt64Array(0);
  #numbers = new Float64Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  startNs(index: number): bigint {
    return this.#times[index * TIMES] ?? 0n;
  }

  knownAtNs(index: number): bigint {
    return this.#times[index * TIMES + 1] ?? 0n;
  }

  /** The bar at `index`, which must be below {@link size}. */
  at(index: number): SeriesBar {
    const from = index * NUMBERS;
    const numbers = this.#numbers;
    const vwap = numbers[from + 5] ?? NaN;
    const bar = {
      startNs: this.startNs(index),
      knownAtNs: this.knownAtNs(index),
      open: numbers[from] ?? NaN,
      high: numbers[from + 1] ?? NaN,
      low: numbers[from + 2] ?? NaN,
      close: numbers[from + 3] ?? NaN,
      volume: numbers[from + 4] ?? NaN,
    };
    return Number.isNaN(vwap) ? bar : { ...bar, vwap };
  }

  /** All of them. */
  bars(): SeriesBar[] {
    return Array.from({ length: this.#size }, (_, index) => this.at(index));
  }

  /** Where the bar of this start is, or would be put. */
  indexOf(startNs: bigint): number {
    let index = this.#size;
    while (index > 0 && this.startNs(index - 1) >= startNs) index -= 1;
    return index;
  }

  insert(index: number, bar: SeriesBar): void {
    this.#reserve();
    this.#times.copyWithin((index + 1) * TIMES, index * TIMES, this.#size * TIMES);
    this.#numbers.copyWithin((index + 1) * NUMBERS, index * NUMBERS, this.#size * NUMBERS);
    this.#size += 1;
    this.set(index, bar);
  }

  set(index: number, bar: SeriesBar): void {
    const { open, high, low, close, volume, vwap = NaN } = bar;
    this.#times[index * TIMES] = bar.startNs;
    this.#times[index * TIMES + 1] = bar.knownAtNs;
    const from = index * NUMBERS;
    this.#numbers[from] = open;
    this.#numbers[from + 1] = high;
    this.#numbers[from + 2] = low;
    this.#numbers[from + 3] = close;
    this.#numbers[from + 4] = volume;
    this.#numbers[from + 5] = vwap;
  }

  /** Lets the oldest `count` go. */
  drop(count: number): void {
    this.#times.copyWithin(0, count * TIMES, this.#size * TIMES);
    this.#numbers.copyWithin(0, count * NUMBERS, this.#size * NUMBERS);
    this.#size -= count;
  }

  /** Whether the bar at `index` has the same numbers, bit for bit; when it was known does not matter. */
  holds(index: number, bar: SeriesBar): boolean {
    const { open, high, low, close, volume, vwap = NaN } = bar;
    const from = index * NUMBERS;
    return [open, high, low, close, volume, vwap].every((value, offset) =>
      Object.is(this.#numbers[from + offset], value),
    );
  }

  write(writer: StateWriter): void {
    writer.uint(this.#size);
    let [beforeNs, knownNs] = [0n, 0n];
    for (let index = 0; index < this.#size; index += 1) {
      const [startNs, knownAtNs] = [this.startNs(index), this.knownAtNs(index)];
      writer.int64(startNs - beforeNs).int64(knownAtNs - knownNs);
      [beforeNs, knownNs] = [startNs, knownAtNs];
    }
    for (let at = 0; at < this.#size * NUMBERS; at += 1) writer.double(this.#numbers[at] ?? NaN);
  }

  /** Reads what {@link write} wrote into an empty window. */
  read(reader: StateReader): void {
    const size = reader.count(TIMES + NUMBERS * 8);
    this.#times = new BigInt64Array(size * TIMES);
    this.#numbers = new Float64Array(size * NUMBERS);
    this.#size = size;
    let [startNs, knownAtNs] = [0n, 0n];
    for (let index = 0; index < size; index += 1) {
      startNs += reader.int64();
      knownAtNs += reader.int64();
      this.#times[index * TIMES] = startNs;
      this.#times[index * TIMES + 1] = knownAtNs;
    }
    for (let at = 0; at < size * NUMBERS; at += 1) this.#numbers[at] = reader.double();
  }

  #reserve(): void {
    if ((this.#size + 1) * TIMES <= this.#times.length) return;
    // By halves: a window of 130 bars, as most are, then has five places to spare and not 126.
    const capacity = Math.max(8, this.#size + (this.#size >> 1));
    const times = new BigInt64Array(capacity * TIMES);
    const numbers = new Float64Array(capacity * NUMBERS);
    times.set(this.#times);
    numbers.set(this.#numbers);
    this.#times = times;
    this.#numbers = numbers;
  }
}
