import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { ExponentialAverage } from '../smoothing.ts';

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
      step(state, price, _input, out) {
        const value = average.next(state, price);
        out[0] = value;
        return !Number.isNaN(value);
      },
    };
  },
};
