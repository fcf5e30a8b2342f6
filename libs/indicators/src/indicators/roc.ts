import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { changeKernel } from '../window-kernel.ts';

export const roc: IndicatorDefinition = {
  name: 'roc',
  title: 'Rate of change',
  formula: '(value / the value `period` inputs ago − 1) · 100, and 0 where that is 0 (TA-Lib ROC).',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['roc'],
  memory: () => 'window',
  examples: ['roc(10)', 'roc(1)', 'roc(3,volume)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) =>
    changeKernel(numberAt(parameters, 0), (now, before) => (before === 0 ? 0 : (now / before - 1) * 100)),
};
