import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { squaredDistances } from '../window-math.ts';
import { at } from '../rows.ts';

export const variance: IndicatorDefinition = {
  name: 'variance',
  title: 'Variance',
  formula:
    'Σ (value − mean)² / period: the population variance of the last `period` values (TA-Lib VAR), about their exact mean, so that equal values give exactly 0.',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['variance'],
  memory: () => 'window',
  examples: ['variance(20)', 'variance(1)', 'variance(7,volume)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const average = new SlidingMean(size, 0);
    return {
      slots: SlidingMean.slots,
      windows: [average.window],
      run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const mean = average.next(state, at(price, row));
          if (!Number.isNaN(mean)) out[row] = squaredDistances(average.window, mean) / size;
        }
      },
    };
  },
};
