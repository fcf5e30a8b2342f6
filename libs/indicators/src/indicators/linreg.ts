import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { slopeOf } from '../window-math.ts';
import { at } from '../rows.ts';

export const linreg: IndicatorDefinition = {
  name: 'linreg',
  title: 'Linear regression',
  formula:
    'The line of least squares through the last `period` values: its value at the last one, its slope per input, the same as an angle in degrees, its value at the ' +
    'first one, and one input ahead (TA-Lib LINEARREG, LINEARREG_SLOPE, LINEARREG_ANGLE, LINEARREG_INTERCEPT, TSF).',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['value', 'slope', 'angle', 'intercept', 'forecast'],
  memory: () => 'window',
  examples: ['linreg(14)', 'linreg(2)', 'linreg(5,hl2)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const average = new SlidingMean(size, 0);
    return {
      slots: SlidingMean.slots,
      windows: [average.window],
      run(state, { price, count }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const mean = average.next(state, at(price, row));
          if (Number.isNaN(mean)) continue;
          const slope = slopeOf(average.window, mean);
          const half = (slope * (size - 1)) / 2;
          out[row] = mean + half;
          out[row + count] = slope;
          out[row + 2 * count] = Math.atan(slope) * (180 / Math.PI);
          out[row + 3 * count] = mean - half;
          out[row + 4 * count] = mean + half + slope;
        }
      },
    };
  },
};
