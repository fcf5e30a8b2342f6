import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { aboveMean, squaredDistances } from '../window-math.ts';
import { Window } from '../window.ts';

export const zscore: IndicatorDefinition = {
  name: 'zscore',
  title: 'Z-score',
  formula:
    '(value − mean) / standard deviation of the last `period` values, this one included, the deviation as of the population; 0 where they do not differ (as ' +
    'scipy.stats.zscore with ddof 0 of the window, which has no value there).',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['zscore'],
  memory: () => 'window',
  examples: ['zscore(20)', 'zscore(2)', 'zscore(7,volume)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const window = new Window(numberAt(parameters, 0));
    return {
      slots: 0,
      windows: [window],
      step(_state, price, _input, out) {
        window.push(price);
        if (!window.full) return false;
        const above = aboveMean(window);
        const deviation = Math.sqrt(squaredDistances(window, price - above) / window.size);
        out[0] = deviation === 0 ? 0 : above / deviation;
        return true;
      },
    };
  },
};
