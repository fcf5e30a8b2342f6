import { slot, type IndicatorDefinition } from '../definition.ts';
import { moneyFlow } from '../money-flow.ts';

export const ad: IndicatorDefinition = {
  name: 'ad',
  title: 'Accumulation/distribution line',
  formula:
    'The running sum of volume · ((close − low) − (high − close)) / (high − low), to which a bar without a range adds nothing (TA-Lib AD; M. Chaikin).',
  revision: 1,
  parameters: [],
  defaultSource: null,
  reads: ['high', 'low', 'close', 'volume'],
  outputs: ['ad'],
  memory: () => 'series',
  examples: ['ad()'],
  lookback: () => 0,
  create: () => ({
    slots: 1,
    windows: [],
    step(state, _price, input, out) {
      const line = slot(state, 0) + moneyFlow(input);
      state[0] = line;
      out[0] = line;
      return true;
    },
  }),
};
