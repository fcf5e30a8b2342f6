import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { weightedMean } from '../window-math.ts';
import { windowKernel } from '../window-kernel.ts';

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
  create: (parameters) => windowKernel(numberAt(parameters, 0), weightedMean),
};
