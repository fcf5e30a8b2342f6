import { SlidingMean } from '../average.ts';
import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { at } from '../rows.ts';

const STARTED = 0;
const PREVIOUS = 1;
const MEANS = 2;
/** Typical prices that differ by less, relatively, are equal but for the rounding of their sums. */
const ROUNDING = 1e-14;

export const mfi: IndicatorDefinition = {
  name: 'mfi',
  title: 'Money flow index',
  formula:
    '100 · p / (p + n), where p and n are the sums of typical price · volume over the last `period` inputs at which it rose and fell; 0 where p + n is less than 1; prices equal to 14 digits neither rise nor fall (TA-Lib ' +
    'MFI; G. Quong and A. Soudack, Stocks & Commodities 7, 1989).',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: 'hlc3',
  reads: ['source', 'volume'],
  outputs: ['mfi'],
  memory: () => 'window',
  examples: ['mfi(14)', 'mfi(2)', 'mfi(5,close)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const up = new SlidingMean(size, MEANS);
    const down = new SlidingMean(size, MEANS + SlidingMean.slots);
    return {
      slots: MEANS + 2 * SlidingMean.slots,
      windows: [up.window, down.window],
      run(state, { price, volume }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const value = at(price, row);
          const started = slot(state, STARTED) === 1;
          const previous = slot(state, PREVIOUS);
          const change = Math.abs(value - previous) <= ROUNDING * Math.abs(value) ? 0 : value - previous;
          state[STARTED] = 1;
          state[PREVIOUS] = value;
          if (!started) continue;
          const flow = value * at(volume, row);
          const positive = up.next(state, change > 0 ? flow : 0);
          const total = positive + down.next(state, change < 0 ? flow : 0);
          if (!Number.isNaN(total)) out[row] = total * size < 1 ? 0 : 100 * (positive / total);
        }
      },
    };
  },
};
