import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { highest, lowest } from '../window-math.ts';
import { Window } from '../window.ts';
import { at } from '../rows.ts';

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
      run(_state, { high, low, close }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          highs.push(at(high, row));
          lows.push(at(low, row));
          if (!highs.full) continue;
          const most = highest(highs);
          const range = most - lowest(lows);
          out[row] = range === 0 ? 0 : ((most - at(close, row)) / range) * -100;
        }
      },
    };
  },
};
