import { SlidingMean } from '../average.ts';
import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { annualized, logRatio, PER_YEAR } from '../volatility.ts';
import { squaredDistances } from '../window-math.ts';
import { at } from '../rows.ts';

const STARTED = 0;
const PREVIOUS = 1;
const MEAN = 2;

export const realvol: IndicatorDefinition = {
  name: 'realvol',
  title: 'Realised volatility, close to close',
  formula:
    'The sample standard deviation (divisor period − 1) of the last `period` logarithmic changes · √per-year; a change of prices that are not positive counts as 0.',
  revision: 1,
  parameters: [period('period', 2), PER_YEAR],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['realvol'],
  memory: () => 'window',
  examples: ['realvol(20,252)', 'realvol(2,1)', 'realvol(5,98280,hlc3)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const average = new SlidingMean(size, MEAN);
    return {
      slots: MEAN + SlidingMean.slots,
      windows: [average.window],
      run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const value = at(price, row);
          const started = slot(state, STARTED) === 1;
          const previous = slot(state, PREVIOUS);
          state[STARTED] = 1;
          state[PREVIOUS] = value;
          if (!started) continue;
          const mean = average.next(state, logRatio(value, previous));
          if (!Number.isNaN(mean))
            out[row] = annualized(squaredDistances(average.window, mean), size - 1, parameters);
        }
      },
    };
  },
};
