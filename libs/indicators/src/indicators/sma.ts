import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';

export const sma: IndicatorDefinition = {
  name: 'sma',
  title: 'Simple moving average',
  formula:
    'The mean of the last `period` values, as TA-Lib SMA up to its rounding: computed from their exact sum, so that it ' +
    'depends on these values only and equal values have themselves as their mean.',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['sma'],
  memory: () => 'window',
  examples: ['sma(20)', 'sma(1)', 'sma(3,hl2)', 'sma(50,volume)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const average = new SlidingMean(numberAt(parameters, 0), 0);
    return {
      slots: SlidingMean.slots,
      windows: [average.window],
      run(state, { price }, out, from, to) {
        average.run(state, price, out, from, to);
      },
    };
  },
};
