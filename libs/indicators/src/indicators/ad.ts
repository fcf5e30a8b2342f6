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
    run(state, rows, out, from, to) {
      for (let row = from; row < to; row += 1) {
        const line = slot(state, 0) + moneyFlow(rows, row);
        state[0] = line;
        out[row] = line;
      }
    },
  }),
};
