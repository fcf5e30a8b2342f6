import { SlidingMean } from '../average.ts';
import { numberAt, period, slot, sourceAt, type IndicatorDefinition } from '../definition.ts';
import { PRICE_SOURCES } from '../input.ts';
import { productOfDistances, squaredDistances } from '../window-math.ts';
import { at } from '../rows.ts';

const STARTED = 0;
const PREVIOUS = 1;
const PREVIOUS_OTHER = 2;
const MEANS = 3;

/** Relative change; 0 where there is nothing to relate it to, as in TA-Lib. */
function change(value: number, before: number): number {
  return before === 0 ? 0 : (value - before) / before;
}

export const beta: IndicatorDefinition = {
  name: 'beta',
  title: 'Beta',
  formula:
    "The slope of the relative changes of a bar's `other` source against those of its source over the last `period` changes; 0 where the source does not change (TA-Lib " +
    'BETA, whose first series is the source).',
  revision: 1,
  parameters: [period(), { kind: 'choice', name: 'other', choices: PRICE_SOURCES }],
  defaultSource: 'close',
  reads: ['source'],
  otherSource: (parameters) => sourceAt(parameters, 1),
  outputs: ['beta'],
  memory: () => 'window',
  examples: ['beta(5,open)', 'beta(1,high)', 'beta(20,low,high)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const x = new SlidingMean(numberAt(parameters, 0), MEANS);
    const y = new SlidingMean(numberAt(parameters, 0), MEANS + SlidingMean.slots);
    return {
      slots: MEANS + 2 * SlidingMean.slots,
      windows: [x.window, y.window],
      run(state, { price, other }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const first = at(price, row);
          const second = at(other, row);
          const started = slot(state, STARTED) === 1;
          const changeX = change(first, slot(state, PREVIOUS));
          const changeY = change(second, slot(state, PREVIOUS_OTHER));
          state[STARTED] = 1;
          state[PREVIOUS] = first;
          state[PREVIOUS_OTHER] = second;
          if (!started) continue;
          const meanX = x.next(state, changeX);
          const meanY = y.next(state, changeY);
          if (Number.isNaN(meanX)) continue;
          const spread = squaredDistances(x.window, meanX);
          out[row] = spread === 0 ? 0 : productOfDistances(x.window, meanX, y.window, meanY) / spread;
        }
      },
    };
  },
};
