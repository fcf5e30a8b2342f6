import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { RepeatedAverage } from '../smoothing.ts';

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
      step(state, price, _input, out) {
        if (!averages.next(state, price)) return false;
        const [e1 = NaN, e2 = NaN] = averages.values;
        out[0] = 2 * e1 - e2;
        return true;
      },
    };
  },
};
