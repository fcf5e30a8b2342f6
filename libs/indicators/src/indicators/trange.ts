import type { IndicatorDefinition } from '../definition.ts';
import { nextTrueRange, TRUE_RANGE_SLOTS } from '../true-range.ts';

export const trange: IndicatorDefinition = {
  name: 'trange',
  title: 'True range',
  formula:
    'max(high − low, |high − previous close|, |low − previous close|); the first bar has none (TA-Lib TRANGE; Wilder 1978).',
  revision: 1,
  parameters: [],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['trange'],
  memory: () => 'window',
  examples: ['trange()'],
  lookback: () => 1,
  create: () => ({
    slots: TRUE_RANGE_SLOTS,
    windows: [],
    run(state, rows, out, from, to) {
      for (let row = from; row < to; row += 1) {
        out[row] = nextTrueRange(state, 0, rows, row);
      }
    },
  }),
};
