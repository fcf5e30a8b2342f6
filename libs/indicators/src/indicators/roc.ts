import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { Window } from '../window.ts';

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
  create: (parameters) => {
    const window = new Window(numberAt(parameters, 0));
    return {
      slots: 0,
      windows: [window],
      step(_state, price, _input, out) {
        window.push(price);
        if (!window.hasLeaving) return false;
        const before = window.leaving;
        out[0] = before === 0 ? 0 : (price / before - 1) * 100;
        return true;
      },
    };
  },
};
