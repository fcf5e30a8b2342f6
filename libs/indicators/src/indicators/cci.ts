import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { aboveMean, meanDeviation } from '../window-math.ts';
import { windowKernel } from '../window-kernel.ts';

export const cci: IndicatorDefinition = {
  name: 'cci',
  title: 'Commodity channel index',
  formula:
    '(value − mean) / (0.015 · mean absolute deviation) of the last `period` typical prices, 0 where they do not differ (TA-Lib CCI; D. Lambert, ' +
    'Commodities, October 1980).',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: 'hlc3',
  reads: ['source'],
  outputs: ['cci'],
  memory: () => 'window',
  examples: ['cci(20)', 'cci(2)', 'cci(5,close)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) =>
    windowKernel(numberAt(parameters, 0), (window) => {
      const above = aboveMean(window);
      const deviation = meanDeviation(window, above);
      return deviation === 0 ? 0 : above / (0.015 * deviation);
    }),
};
