import { slot } from './definition.ts';
import { smoothWilder, SMOOTHING_SLOTS } from './smoothing.ts';

const STARTED = 0;
const PREVIOUS = 1;
const GAIN = 2;
const LOSS = GAIN + SMOOTHING_SLOTS;

/** Slots of {@link nextRsi}. */
export const RSI_SLOTS = LOSS + SMOOTHING_SLOTS;

/** Wilder's relative strength index of a series that it remembers from slot `at` on; NaN for the first `period` values. */
export function nextRsi(state: Float64Array, at: number, period: number, value: number): number {
  const started = slot(state, at + STARTED) === 1;
  const change = value - slot(state, at + PREVIOUS);
  state[at + PREVIOUS] = value;
  if (!started) {
    state[at + STARTED] = 1;
    return NaN;
  }
  const gain = smoothWilder(state, at + GAIN, period, change > 0 ? change : 0);
  const loss = smoothWilder(state, at + LOSS, period, change < 0 ? -change : 0);
  const total = gain + loss;
  return total === 0 ? 0 : 100 * (gain / total);
}
