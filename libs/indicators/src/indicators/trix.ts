import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { ExponentialAverage, RepeatedAverage } from '../smoothing.ts';
import { at } from '../rows.ts';

const AVERAGES = 3;
const STARTED = AVERAGES * ExponentialAverage.slots;
const PREVIOUS = STARTED + 1;

export const trix: IndicatorDefinition = {
  name: 'trix',
  title: 'Rate of change of a triple EMA',
  formula:
    'The change of EMA(period) of EMA(period) of EMA(period) from one input to the next, in percent; 0 where the earlier one is 0 ' +
    '(TA-Lib TRIX; J. Hutson, Stocks & Commodities 1, 1983).',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['trix'],
  memory: () => 'series',
  examples: ['trix(15)', 'trix(1)', 'trix(4,hlc3)'],
  lookback: (parameters) => AVERAGES * (numberAt(parameters, 0) - 1) + 1,
  create: (parameters) => {
    const averages = new RepeatedAverage(numberAt(parameters, 0), AVERAGES);
    return {
      slots: PREVIOUS + 1,
      windows: [],
      run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          if (!averages.next(state, at(price, row))) continue;
          const started = slot(state, STARTED) === 1;
          const previous = slot(state, PREVIOUS);
          const average = averages.values[AVERAGES - 1] ?? NaN;
          state[STARTED] = 1;
          state[PREVIOUS] = average;
          if (started) out[row] = previous === 0 ? 0 : (average / previous - 1) * 100;
        }
      },
    };
  },
};
