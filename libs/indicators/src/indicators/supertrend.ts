import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { WilderAverage } from '../smoothing.ts';
import { nextTrueRange, TRUE_RANGE_SLOTS } from '../true-range.ts';
import { at } from '../rows.ts';

const RANGE = TRUE_RANGE_SLOTS;
const STARTED = RANGE + WilderAverage.slots;
const UPPER = STARTED + 1;
const LOWER = STARTED + 2;
const PREVIOUS_CLOSE = STARTED + 3;
/** 1: up. */
const DIRECTION = STARTED + 4;

/** Bands only close in, unless the close before was beyond them; returns the direction. */
function moveBands(state: Float64Array, close: number, upper: number, lower: number): number {
  const before = slot(state, PREVIOUS_CLOSE);
  const started = slot(state, STARTED) === 1;
  const lastUpper = slot(state, UPPER);
  const lastLower = slot(state, LOWER);
  state[STARTED] = 1;
  state[UPPER] = started && before <= lastUpper ? Math.min(upper, lastUpper) : upper;
  state[LOWER] = started && before >= lastLower ? Math.max(lower, lastLower) : lower;
  const wasUp = started && slot(state, DIRECTION) === 1;
  const isUp = wasUp ? close >= slot(state, LOWER) : close > slot(state, UPPER);
  state[DIRECTION] = isUp ? 1 : -1;
  return isUp ? 1 : -1;
}

export const supertrend: IndicatorDefinition = {
  name: 'supertrend',
  title: 'Supertrend',
  formula:
    'Bands at (high + low) / 2 ± multiplier · ATR(period) that only close in while the close before is within them; the trend turns up where the close is above the ' +
    'upper band and down where it is below the lower; value = the band behind the price, direction 1 or −1, −1 at first (O. Seban; start as TradingView ta.supertrend, ' +
    'whose sign is the other way round).',
  revision: 1,
  parameters: [period(), { kind: 'number', name: 'multiplier', min: 0.01, max: 100 }],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['value', 'direction'],
  memory: () => 'series',
  examples: ['supertrend(10,3)', 'supertrend(1,1)', 'supertrend(4,0.5)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const ranges = new WilderAverage(numberAt(parameters, 0), RANGE);
    const multiplier = numberAt(parameters, 1);
    return {
      slots: DIRECTION + 1,
      windows: [],
      run(state, rows, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const range = nextTrueRange(state, 0, rows, row);
          if (Number.isNaN(range)) continue;
          const average = ranges.next(state, range);
          if (Number.isNaN(average)) continue;
          const middle = (at(rows.high, row) + at(rows.low, row)) / 2;
          const distance = multiplier * average;
          const close = at(rows.close, row);
          const direction = moveBands(state, close, middle + distance, middle - distance);
          state[PREVIOUS_CLOSE] = close;
          out[row] = slot(state, direction === 1 ? LOWER : UPPER);
          out[row + rows.count] = direction;
        }
      },
    };
  },
};
