import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { changeKernel } from '../window-kernel.ts';

export const mom: IndicatorDefinition = {
  name: 'mom',
  title: 'Momentum',
  formula: 'value − the value `period` inputs ago (TA-Lib MOM).',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['mom'],
  memory: () => 'window',
  examples: ['mom(10)', 'mom(1)', 'mom(3,volume)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => changeKernel(numberAt(parameters, 0), (now, before) => now - before),
};
