import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { DIRECTION_SLOTS, minusDirection, moveDirection, plusDirection } from '../directional-movement.ts';

export const di: IndicatorDefinition = {
  name: 'di',
  title: 'Directional indicators',
  formula:
    '+DI and −DI: upward and downward movement smoothed by Wilder, in percent of the true range smoothed likewise (TA-Lib PLUS_DI, MINUS_DI; ' +
    'Wilder 1978).',
  revision: 1,
  parameters: [period()],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['plus', 'minus'],
  memory: () => 'series',
  examples: ['di(14)', 'di(1)', 'di(3)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    return {
      slots: DIRECTION_SLOTS,
      windows: [],
      run(state, rows, out, from, to) {
        for (let row = from; row < to; row += 1) {
          if (!moveDirection(state, 0, size, rows, row)) continue;
          out[row] = plusDirection(state, 0);
          out[row + rows.count] = minusDirection(state, 0);
        }
      },
    };
  },
};
