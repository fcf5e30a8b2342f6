import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { highest, lowest } from '../window-math.ts';
import { Window } from '../window.ts';
import { at } from '../rows.ts';

export const donchian: IndicatorDefinition = {
  name: 'donchian',
  title: 'Donchian channels',
  formula:
    'upper = the highest high, lower = the lowest low of the last `period` inputs, this one included, middle = their mean (R. Donchian; TA-Lib MAX of highs, MIN ' +
    'of lows).',
  revision: 1,
  parameters: [period()],
  defaultSource: null,
  reads: ['high', 'low'],
  outputs: ['upper', 'middle', 'lower'],
  memory: () => 'window',
  examples: ['donchian(20)', 'donchian(1)', 'donchian(5)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const highs = new Window(numberAt(parameters, 0));
    const lows = new Window(numberAt(parameters, 0));
    return {
      slots: 0,
      windows: [highs, lows],
      run(_state, { high, low, count }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          highs.push(at(high, row));
          lows.push(at(low, row));
          if (!highs.full) continue;
          const upper = highest(highs);
          const lower = lowest(lows);
          out[row] = upper;
          out[row + count] = (upper + lower) / 2;
          out[row + 2 * count] = lower;
        }
      },
    };
  },
};
