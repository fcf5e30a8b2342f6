import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { highest, lowest } from '../window-math.ts';
import { Window } from '../window.ts';

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
      step(_state, _price, { high, low }, out) {
        highs.push(high);
        lows.push(low);
        if (!highs.full) return false;
        const upper = highest(highs);
        const lower = lowest(lows);
        out[0] = upper;
        out[1] = (upper + lower) / 2;
        out[2] = lower;
        return true;
      },
    };
  },
};
