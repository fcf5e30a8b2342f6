import { numberAt, slot, type IndicatorDefinition } from '../definition.ts';
import { at } from '../rows.ts';

const COUNT = 0;
const PREVIOUS_HIGH = 1;
const PREVIOUS_LOW = 2;
/** 1: the stop is below the prices. */
const IS_LONG = 3;
const STOP = 4;
/** The highest high of a long, the lowest low of a short position. */
const EXTREME = 5;
const ACCELERATION = 6;
const SLOTS = 7;

/** The direction of the first movement decides how it begins (TA-Lib: short only where the low fell, and more than the high rose). */
function begin(state: Float64Array, high: number, low: number, step: number): void {
  const previousHigh = slot(state, PREVIOUS_HIGH);
  const previousLow = slot(state, PREVIOUS_LOW);
  const down = previousLow - low;
  const isLong = !(down > 0 && high - previousHigh < down);
  state[IS_LONG] = isLong ? 1 : 0;
  state[STOP] = isLong ? previousLow : previousHigh;
  state[EXTREME] = isLong ? high : low;
  state[ACCELERATION] = step;
  // TA-Lib begins with the second input as its own predecessor.
  state[PREVIOUS_HIGH] = high;
  state[PREVIOUS_LOW] = low;
}

/** Keeps a stop out of the range of the last two inputs. */
function outside(state: Float64Array, high: number, low: number, isLong: boolean, stop: number): number {
  return isLong
    ? Math.min(stop, slot(state, PREVIOUS_LOW), low)
    : Math.max(stop, slot(state, PREVIOUS_HIGH), high);
}

/** Takes an input after the first and returns its stop. */
function follow(state: Float64Array, high: number, low: number, step: number, most: number): number {
  const wasLong = slot(state, IS_LONG) === 1;
  const stop = slot(state, STOP);
  const extreme = slot(state, EXTREME);
  const isReversed = wasLong ? low <= stop : high >= stop;
  const isLong = wasLong !== isReversed;
  const reached = isLong ? high : low;
  const shown = isReversed ? outside(state, high, low, isLong, extreme) : stop;
  if (isReversed) {
    state[IS_LONG] = isLong ? 1 : 0;
    state[ACCELERATION] = step;
    state[EXTREME] = reached;
  } else if (isLong ? reached > extreme : reached < extreme) {
    state[EXTREME] = reached;
    state[ACCELERATION] = Math.min(slot(state, ACCELERATION) + step, most);
  }
  const next = shown + slot(state, ACCELERATION) * (slot(state, EXTREME) - shown);
  state[STOP] = outside(state, high, low, isLong, next);
  return shown;
}

export const sar: IndicatorDefinition = {
  name: 'sar',
  title: 'Parabolic SAR',
  formula:
    'The stop moves towards the extreme price of the position by `acceleration` of the distance, and so much more with each new extreme up to `maximum`; where a ' +
    'price reaches it the position turns (TA-Lib SAR; Wilder 1978). The first movement decides the first position.',
  revision: 1,
  parameters: [
    { kind: 'number', name: 'acceleration', min: 0, max: 1 },
    { kind: 'number', name: 'maximum', min: 0, max: 1 },
  ],
  defaultSource: null,
  reads: ['high', 'low'],
  outputs: ['sar'],
  memory: () => 'series',
  examples: ['sar(0.02,0.2)', 'sar(0,0)', 'sar(0.1,0.3)'],
  lookback: () => 1,
  check: (parameters) =>
    numberAt(parameters, 0) <= numberAt(parameters, 1) ? null : 'acceleration must not be more than maximum',
  create: (parameters) => {
    const step = numberAt(parameters, 0);
    const most = numberAt(parameters, 1);
    return {
      slots: SLOTS,
      windows: [],
      run(state, { high, low }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const highest = at(high, row);
          const lowest = at(low, row);
          const count = slot(state, COUNT);
          state[COUNT] = Math.min(count + 1, 2);
          if (count === 1) begin(state, highest, lowest, step);
          if (count > 0) out[row] = follow(state, highest, lowest, step, most);
          state[PREVIOUS_HIGH] = highest;
          state[PREVIOUS_LOW] = lowest;
        }
      },
    };
  },
};
