import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { squaredDistances } from '../window-math.ts';
import { at } from '../rows.ts';

export const stddev: IndicatorDefinition = {
  name: 'stddev',
  title: 'Standard deviation',
  formula:
    'deviations · √(Σ (value − mean)² / period): the population standard deviation of the last `period` values (TA-Lib STDDEV), about their exact mean, so that equal ' +
    'values give exactly 0.',
  revision: 1,
  parameters: [period('period', 2), { kind: 'number', name: 'deviations', min: 0.01, max: 100 }],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['stddev'],
  memory: () => 'window',
  examples: ['stddev(20,1)', 'stddev(2,1.5)', 'stddev(7,2,hlc3)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const deviations = numberAt(parameters, 1);
    const average = new SlidingMean(size, 0);
    return {
      slots: SlidingMean.slots,
      windows: [average.window],
      run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const mean = average.next(state, at(price, row));
          if (!Number.isNaN(mean))
            out[row] = deviations * Math.sqrt(squaredDistances(average.window, mean) / size);
        }
      },
    };
  },
};
