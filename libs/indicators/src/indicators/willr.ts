import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { highest, lowest } from '../window-math.ts';
import { Window } from '../window.ts';

export const willr: IndicatorDefinition = {
  name: 'willr',
  title: 'Williams %R',
  formula:
    '−100 · (highest high − close) / (highest high − lowest low) over `period` inputs, 0 where they are equal (TA-Lib WILLR; L. Williams, ' +
    '"How I made one million dollars", 1973).',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['willr'],
  memory: () => 'window',
  examples: ['willr(14)', 'willr(2)', 'willr(5)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const highs = new Window(numberAt(parameters, 0));
    const lows = new Window(numberAt(parameters, 0));
    return {
      slots: 0,
      windows: [highs, lows],
      step(_state, _price, { high, low, close }, out) {
        highs.push(high);
        lows.push(low);
        if (!highs.full) return false;
        const most = highest(highs);
        const range = most - lowest(lows);
        out[0] = range === 0 ? 0 : ((most - close) / range) * -100;
        return true;
      },
    };
  },
};
