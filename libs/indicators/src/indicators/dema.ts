import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { RepeatedAverage } from '../smoothing.ts';
import { at } from '../rows.ts';

export const dema: IndicatorDefinition = {
  name: 'dema',
  title: 'Double exponential moving average',
  formula:
    '2 · e1 − e2 with e1 = EMA(period) and e2 = EMA(period) of e1 (TA-Lib DEMA; P. Mulloy, Stocks & Commodities 12, 1994)',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['dema'],
  memory: () => 'series',
  examples: ['dema(10)', 'dema(1)', 'dema(4,open)'],
  lookback: (parameters) => 2 * (numberAt(parameters, 0) - 1),
  create: (parameters) => {
    const averages = new RepeatedAverage(numberAt(parameters, 0), 2);
    return {
      slots: averages.slots,
      windows: [],
      run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          if (!averages.next(state, at(price, row))) continue;
          const [e1 = NaN, e2 = NaN] = averages.values;
          out[row] = 2 * e1 - e2;
        }
      },
    };
  },
};
