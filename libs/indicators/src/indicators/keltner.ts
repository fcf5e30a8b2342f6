import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { ExponentialAverage, WilderAverage } from '../smoothing.ts';
import { nextTrueRange, TRUE_RANGE_SLOTS } from '../true-range.ts';
import { at } from '../rows.ts';

const AVERAGE = TRUE_RANGE_SLOTS;
const RANGE = AVERAGE + ExponentialAverage.slots;

export const keltner: IndicatorDefinition = {
  name: 'keltner',
  title: 'Keltner channels',
  formula:
    'middle = EMA(period), upper and lower = middle ± multiplier · ATR(atr-period) (C. Keltner, 1960, as L. B. Raschke computes them with EMA and ATR); EMA and ' +
    'ATR as TA-Lib has them.',
  revision: 1,
  parameters: [period(), period('atr-period'), { kind: 'number', name: 'multiplier', min: 0.01, max: 100 }],
  defaultSource: 'close',
  reads: ['source', 'high', 'low', 'close'],
  outputs: ['upper', 'middle', 'lower'],
  memory: () => 'series',
  examples: ['keltner(20,10,2)', 'keltner(1,1,0.5)', 'keltner(3,7,1.5,hlc3)'],
  lookback: (parameters) => Math.max(numberAt(parameters, 0) - 1, numberAt(parameters, 1)),
  create: (parameters) => {
    const average = new ExponentialAverage(numberAt(parameters, 0), AVERAGE);
    const ranges = new WilderAverage(numberAt(parameters, 1), RANGE);
    const multiplier = numberAt(parameters, 2);
    return {
      slots: RANGE + WilderAverage.slots,
      windows: [],
      run(state, rows, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const middle = average.next(state, at(rows.price, row));
          const range = nextTrueRange(state, 0, rows, row);
          if (Number.isNaN(range)) continue;
          const distance = multiplier * ranges.next(state, range);
          if (Number.isNaN(middle + distance)) continue;
          out[row] = middle + distance;
          out[row + rows.count] = middle;
          out[row + 2 * rows.count] = middle - distance;
        }
      },
    };
  },
};
