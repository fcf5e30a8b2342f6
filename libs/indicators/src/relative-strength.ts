import { slot } from './definition.ts';
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
    const total = gain + loss;
    return total === 0 ? 0 : 100 * (gain / total);
  }
}
