import { slot } from './definition.ts';
import { at } from './rows.ts';
import { WilderAverage } from './smoothing.ts';

const STARTED = 0;
const PREVIOUS = 1;
const GAIN = 2;
const LOSS = GAIN + WilderAverage.slots;

/** Wilder's relative strength index, as a part of a kernel: its slots begin at 0. */
export class RelativeStrength {
  static readonly slots = LOSS + WilderAverage.slots;
  readonly #gain: WilderAverage;
  readonly #loss: WilderAverage;

  constructor(period: number) {
    this.#gain = new WilderAverage(period, GAIN);
    this.#loss = new WilderAverage(period, LOSS);
  }

  /** Takes a value; NaN for the first `period` ones. */
  next(state: Float64Array, value: number): number {
    const started = slot(state, STARTED) === 1;
    const change = value - slot(state, PREVIOUS);
    state[PREVIOUS] = value;
    if (!started) {
      state[STARTED] = 1;
      return NaN;
    }
    const gain = this.#gain.next(state, change > 0 ? change : 0);
    const loss = this.#loss.next(state, change < 0 ? -change : 0);
    return index(gain, loss);
  }

  /** As {@link next} for the numbers `from` … `to − 1` of a column, into the same rows of `out`. */
  run(state: Float64Array, source: Float64Array, out: Float64Array, from: number, to: number): void {
    let row = from;
    for (; row < to && !this.#loss.hasStarted(state); row += 1) out[row] = this.next(state, at(source, row));
    let previous = slot(state, PREVIOUS);
    let gain = this.#gain.load(state);
    let loss = this.#loss.load(state);
    for (; row < to; row += 1) {
      const value = at(source, row);
      const change = value - previous;
      previous = value;
      gain = this.#gain.after(gain, change > 0 ? change : 0);
      loss = this.#loss.after(loss, change < 0 ? -change : 0);
      out[row] = index(gain, loss);
    }
    state[PREVIOUS] = previous;
    this.#gain.store(state, gain);
    this.#loss.store(state, loss);
  }
}

function index(gain: number, loss: number): number {
  const total = gain + loss;
  return total === 0 ? 0 : 100 * (gain / total);
}
