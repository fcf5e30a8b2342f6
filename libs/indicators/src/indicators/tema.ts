import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { RepeatedAverage } from '../smoothing.ts';
import { at } from '../rows.ts';

export const tema: IndicatorDefinition = {
  name: 'tema',
  title: 'Triple exponential moving average',
  formula:
    '3 · e1 − 3 · e2 + e3, each the EMA(period) of the one before (TA-Lib TEMA; P. Mulloy, Stocks & Commodities 12, 1994)',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['tema'],
  memory: () => 'series',
  examples: ['tema(10)', 'tema(1)', 'tema(4,open)'],
  lookback: (parameters) => 3 * (numberAt(parameters, 0) - 1),
  create: (parameters) => {
    const averages = new RepeatedAverage(numberAt(parameters, 0), 3);
    return {
      slots: averages.slots,
      windows: [],
      run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          if (!averages.next(state, at(price, row))) continue;
          const [e1 = NaN, e2 = NaN, e3 = NaN] = averages.values;
          out[row] = 3 * e1 - 3 * e2 + e3;
        }
      },
    };
  },
};
