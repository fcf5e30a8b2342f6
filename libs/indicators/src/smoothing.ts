import { slot } from './definition.ts';

const COUNT = 0;
/** The sum until the start-up is complete, from then on the average. */
const AVERAGE = 1;
const SLOTS = 2;

/** Takes a number of the start-up; returns the first average with the last one and NaN before. */
function start(state: Float64Array, at: number, period: number, value: number): number {
  const count = slot(state, at + COUNT) + 1;
  const sum = slot(state, at + AVERAGE) + value;
  state[at + COUNT] = count;
  if (count < period) {
    state[at + AVERAGE] = sum;
    return NaN;
  }
  const average = sum / period;
  state[at + AVERAGE] = average;
  return average;
}

/**
 * Exponential average, previous + (value − previous) · 2 / (period + 1), as a part of a kernel: its slots begin at `at`. It starts as the plain
 * average of its first `period` numbers, summed in order of arrival from zero: TA-Lib's start-up in its default compatibility (TA_EMA).
 */
export class ExponentialAverage {
  static readonly slots = SLOTS;
  readonly #period: number;
  readonly #at: number;
  readonly #weight: number;

  constructor(period: number, at: number) {
    this.#period = period;
    this.#at = at;
    this.#weight = 2 / (period + 1);
  }

  /** Takes a number; NaN until `period` have come. */
  next(state: Float64Array, value: number): number {
    if (!this.hasStarted(state)) return start(state, this.#at, this.#period, value);
    const average = this.after(this.load(state), value);
    this.store(state, average);
    return average;
  }

  /** Whether the average is there, so that a loop over many rows may {@link load} it, move it by {@link after}, and {@link store} it in the end. */
  hasStarted(state: Float64Array): boolean {
    return slot(state, this.#at + COUNT) >= this.#period;
  }

  load(state: Float64Array): number {
    return slot(state, this.#at + AVERAGE);
  }

  store(state: Float64Array, average: number): void {
    state[this.#at + AVERAGE] = average;
  }

  after(average: number, value: number): number {
    return (value - average) * this.#weight + average;
  }
}

/**
 * Wilder's average, (previous · (period − 1) + value) / period (J. Welles Wilder, "New Concepts in Technical Trading Systems",
 * 1978), as a part of a kernel: its slots begin at `at`. It starts as {@link ExponentialAverage} does (TA_RSI, TA_ATR).
 */
export class WilderAverage {
  static readonly slots = SLOTS;
  readonly #period: number;
  readonly #at: number;

  constructor(period: number, at: number) {
    this.#period = period;
    this.#at = at;
  }

  /** Takes a number; NaN until `period` have come. */
  next(state: Float64Array, value: number): number {
    if (!this.hasStarted(state)) return start(state, this.#at, this.#period, value);
    const average = this.after(this.load(state), value);
    this.store(state, average);
    return average;
  }

  /** As {@link ExponentialAverage.hasStarted}. */
  hasStarted(state: Float64Array): boolean {
    return slot(state, this.#at + COUNT) >= this.#period;
  }

  load(state: Float64Array): number {
    return slot(state, this.#at + AVERAGE);
  }

  store(state: Float64Array, average: number): void {
    state[this.#at + AVERAGE] = average;
  }

  after(average: number, value: number): number {
    return (average * (this.#period - 1) + value) / this.#period;
  }
}

/** An exponential average, the average of that, and so on; slots from 0 on. */
export class RepeatedAverage {
  readonly slots: number;
  /** What {@link next} has computed, the first average first. */
  readonly values: Float64Array;
  readonly #averages: readonly ExponentialAverage[];

  constructor(period: number, times: number) {
    this.#averages = Array.from(
      { length: times },
      (_one, index) => new ExponentialAverage(period, index * SLOTS),
    );
    this.values = new Float64Array(times);
    this.slots = times * SLOTS;
  }

  /** Takes a number; whether the last average, and so each, is there. */
  next(state: Float64Array, value: number): boolean {
    let next = value;
    for (let index = 0; index < this.#averages.length; index += 1) {
      next = this.#averages[index]?.next(state, next) ?? NaN;
      if (Number.isNaN(next)) return false;
      this.values[index] = next;
    }
    return true;
  }
}
