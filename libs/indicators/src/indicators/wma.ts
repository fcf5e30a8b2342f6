import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { weightedMean } from '../window-math.ts';
import { Window } from '../window.ts';

export const wma: IndicatorDefinition = {
  name: 'wma',
  title: 'Weighted moving average',
  formula:
    'The mean of the last `period` values with the weights 1 (oldest) to `period` (newest) (TA-Lib WMA).',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['wma'],
  memory: () => 'window',
  examples: ['wma(20)', 'wma(1)', 'wma(5,hl2)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const window = new Window(numberAt(parameters, 0));
    return {
      slots: 0,
      windows: [window],
      step(_state, price, _input, out) {
        window.push(price);
        if (!window.full) return false;
        out[0] = weightedMean(window);
        return true;
      },
    };
  },
};
