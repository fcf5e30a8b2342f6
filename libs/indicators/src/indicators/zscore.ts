import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { aboveMean, squaredDistances } from '../window-math.ts';
import { windowKernel } from '../window-kernel.ts';

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
  create: (parameters) =>
    windowKernel(numberAt(parameters, 0), (window) => {
      const above = aboveMean(window);
      const deviation = Math.sqrt(squaredDistances(window, window.newest - above) / window.size);
      return deviation === 0 ? 0 : above / deviation;
    }),
};
