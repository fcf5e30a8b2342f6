import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { WilderAverage } from '../smoothing.ts';
import { nextTrueRange, TRUE_RANGE_SLOTS } from '../true-range.ts';
import { at } from '../rows.ts';

export const natr: IndicatorDefinition = {
  name: 'natr',
  title: 'Normalized average true range',
  formula:
    'ATR(period) in percent of the close, 0 where that is 0 (TA-Lib NATR; J. Forman, Stocks & Commodities, May 2006).',
  revision: 1,
  parameters: [period()],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['natr'],
  memory: () => 'series',
  examples: ['natr(14)', 'natr(1)', 'natr(3)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const average = new WilderAverage(numberAt(parameters, 0), TRUE_RANGE_SLOTS);
    return {
      slots: TRUE_RANGE_SLOTS + WilderAverage.slots,
      windows: [],
      run(state, rows, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const range = nextTrueRange(state, 0, rows, row);
          if (Number.isNaN(range)) continue;
          const value = average.next(state, range);
          const close = at(rows.close, row);
          if (!Number.isNaN(value)) out[row] = close === 0 ? 0 : (value / close) * 100;
        }
      },
    };
  },
};
