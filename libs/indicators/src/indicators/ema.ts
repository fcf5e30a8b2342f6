import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { ExponentialAverage } from '../smoothing.ts';
import { at } from '../rows.ts';

export const ema: IndicatorDefinition = {
  name: 'ema',
  title: 'Exponential moving average',
  formula:
    'previous + (value − previous) · 2 / (period + 1), starting as the simple average of the first `period` values ' +
    '(TA-Lib EMA, default compatibility).',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['ema'],
  memory: () => 'series',
  examples: ['ema(12)', 'ema(1)', 'ema(5,ohlc4)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const average = new ExponentialAverage(numberAt(parameters, 0), 0);
    return {
      slots: ExponentialAverage.slots,
      windows: [],
      run(state, { price }, out, from, to) {
        let row = from;
        for (; row < to && !average.hasStarted(state); row += 1)
          out[row] = average.next(state, at(price, row));
        let value = average.load(state);
        for (; row < to; row += 1) {
          value = average.after(value, at(price, row));
          out[row] = value;
        }
        average.store(state, value);
      },
    };
  },
};
