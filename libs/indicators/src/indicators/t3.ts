import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { RepeatedAverage } from '../smoothing.ts';
import { at } from '../rows.ts';

const AVERAGES = 6;

export const t3: IndicatorDefinition = {
  name: 't3',
  title: 'Tillson T3',
  formula:
    'Of six EMAs of each other, e1 to e6: −v³ · e6 + 3(v² + v³) · e5 − 3(2v² + v + v³) · e4 + (1 + 3v + v³ + 3v²) · e3 ' +
    '(TA-Lib T3; T. Tillson, Stocks & Commodities 16, 1998).',
  revision: 1,
  parameters: [period('period', 2), { kind: 'number', name: 'volume-factor', min: 0, max: 1 }],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['t3'],
  memory: () => 'series',
  examples: ['t3(5,0.7)', 't3(2,0)', 't3(3,1,hl2)'],
  lookback: (parameters) => AVERAGES * (numberAt(parameters, 0) - 1),
  create: (parameters) => {
    const averages = new RepeatedAverage(numberAt(parameters, 0), AVERAGES);
    const v = numberAt(parameters, 1);
    const c6 = -(v * v * v);
    const c5 = 3 * (v * v - c6);
    const c4 = -6 * v * v - 3 * (v - c6);
    const c3 = 1 + 3 * v - c6 + 3 * v * v;
    return {
      slots: averages.slots,
      windows: [],
      run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          if (!averages.next(state, at(price, row))) continue;
          const [, , e3 = NaN, e4 = NaN, e5 = NaN, e6 = NaN] = averages.values;
          out[row] = c6 * e6 + c5 * e5 + c4 * e4 + c3 * e3;
        }
      },
    };
  },
};
