import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { ageOfHighest, ageOfLowest } from '../window-math.ts';
import { Window } from '../window.ts';
import { at } from '../rows.ts';

export const aroon: IndicatorDefinition = {
  name: 'aroon',
  title: 'Aroon',
  formula:
    'up = 100 · (period − inputs since the highest high) / period over the last `period` + 1 inputs, down likewise of the lowest low, of equal ones the last; ' +
    'oscillator = up − down (TA-Lib AROON, AROONOSC; T. Chande, Stocks & Commodities 13, 1995).',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: null,
  reads: ['high', 'low'],
  outputs: ['down', 'up', 'oscillator'],
  memory: () => 'window',
  examples: ['aroon(14)', 'aroon(2)', 'aroon(5)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const highs = new Window(size + 1);
    const lows = new Window(size + 1);
    return {
      slots: 0,
      windows: [highs, lows],
      run(_state, { high, low, count }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          highs.push(at(high, row));
          lows.push(at(low, row));
          if (!highs.full) continue;
          const down = (100 * (size - ageOfLowest(lows))) / size;
          const up = (100 * (size - ageOfHighest(highs))) / size;
          out[row] = down;
          out[row + count] = up;
          out[row + 2 * count] = up - down;
        }
      },
    };
  },
};
