import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { WilderAverage } from '../smoothing.ts';
import { nextTrueRange, TRUE_RANGE_SLOTS } from '../true-range.ts';

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
      step(state, _price, input, out) {
        const range = nextTrueRange(state, 0, input);
        if (Number.isNaN(range)) return false;
        const value = average.next(state, range);
        out[0] = input.close === 0 ? 0 : (value / input.close) * 100;
        return !Number.isNaN(value);
      },
    };
  },
};
