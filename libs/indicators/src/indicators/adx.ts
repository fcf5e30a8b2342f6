import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import {
  directionalIndex,
  DIRECTION_SLOTS,
  minusDirection,
  moveDirection,
  plusDirection,
} from '../directional-movement.ts';

const COUNT = DIRECTION_SLOTS;
/** The sum of the first `period` indices, from then on their average. */
const AVERAGE = COUNT + 1;

export const adx: IndicatorDefinition = {
  name: 'adx',
  title: 'Average directional index',
  formula:
    '100 · |+DI − −DI| / (+DI + −DI) smoothed by Wilder, starting as the plain average of the first `period`; where nothing has moved the average stays ' +
    'as it is (TA-Lib ADX, PLUS_DI, MINUS_DI; Wilder 1978).',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['adx', 'plus', 'minus'],
  memory: () => 'series',
  examples: ['adx(14)', 'adx(2)', 'adx(5)'],
  lookback: (parameters) => 2 * numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    return {
      slots: AVERAGE + 1,
      windows: [],
      run(state, rows, out, from, to) {
        for (let row = from; row < to; row += 1) {
          if (!moveDirection(state, 0, size, rows, row)) continue;
          const plus = plusDirection(state, 0);
          const minus = minusDirection(state, 0);
          const index = directionalIndex(plus, minus);
          const count = slot(state, COUNT) + 1;
          state[COUNT] = Math.min(count, size + 1);
          const before = slot(state, AVERAGE);
          if (count <= size) {
            const sum = before + (Number.isNaN(index) ? 0 : index);
            state[AVERAGE] = count === size ? sum / size : sum;
          } else if (!Number.isNaN(index)) {
            state[AVERAGE] = (before * (size - 1) + index) / size;
          }
          if (count < size) continue;
          out[row] = slot(state, AVERAGE);
          out[row + rows.count] = plus;
          out[row + 2 * rows.count] = minus;
        }
      },
    };
  },
};
