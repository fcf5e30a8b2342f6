import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { Window } from '../window.ts';

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
  create: (parameters) => {
    const window = new Window(numberAt(parameters, 0));
    return {
      slots: 0,
      windows: [window],
      step(_state, price, _input, out) {
        window.push(price);
        if (!window.hasLeaving) return false;
        out[0] = price - window.leaving;
        return true;
      },
    };
  },
};
