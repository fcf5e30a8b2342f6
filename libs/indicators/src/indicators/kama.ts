import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { EXACT_SUM_SLOTS, slideSum } from '../exact-sum.ts';
import { Window } from '../window.ts';
import { at } from '../rows.ts';

const FASTEST = 2 / (2 + 1);
const SLOWEST = 2 / (30 + 1);
/** TA-Lib takes smaller sums for 0. */
const NEARLY_ZERO = 1e-14;

const STARTED = EXACT_SUM_SLOTS;
const AVERAGE = STARTED + 1;
const PREVIOUS = STARTED + 2;

export const kama: IndicatorDefinition = {
  name: 'kama',
  title: "Kaufman's adaptive moving average",
  formula:
    'previous + c · (value − previous), c = (e · (2/3 − 2/31) + 2/31)², where e is the change over `period` divided by the sum of the changes within ' +
    'it, starting from the value before the first full window (TA-Lib KAMA; P. Kaufman, "Smarter Trading", 1995). e is 1 where the sum is 0, ' +
    'and where the change is not less than it.',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['kama'],
  memory: () => 'series',
  examples: ['kama(10)', 'kama(2)', 'kama(5,open)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const changes = new Window(size);
    const values = new Window(size);
    return {
      slots: PREVIOUS + 1,
      windows: [changes, values],
      run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const value = at(price, row);
          values.push(value);
          const previous = slot(state, PREVIOUS);
          state[PREVIOUS] = value;
          if (slot(state, STARTED) === 0) {
            state[STARTED] = 1;
            continue;
          }
          changes.push(Math.abs(value - previous));
          slideSum(state, 0, changes);
          if (!changes.full) continue;
          const path = slot(state, 0);
          const change = value - values.leaving;
          const efficiency = path <= change || path < NEARLY_ZERO ? 1 : Math.abs(change / path);
          const weight = efficiency * (FASTEST - SLOWEST) + SLOWEST;
          const before = slot(state, STARTED) === 1 ? previous : slot(state, AVERAGE);
          state[STARTED] = 2;
          const average = (value - before) * (weight * weight) + before;
          state[AVERAGE] = average;
          out[row] = average;
        }
      },
    };
  },
};
