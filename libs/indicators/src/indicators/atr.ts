import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { WilderAverage } from '../smoothing.ts';
import { nextTrueRange, rememberClose, trueRangeWithin, TRUE_RANGE_SLOTS } from '../true-range.ts';

export const atr: IndicatorDefinition = {
  name: 'atr',
  title: 'Average true range',
  formula:
    'The true range, max(high − low, |high − previous close|, |low − previous close|), smoothed by Wilder, starting as the ' +
    'plain average of the first `period` true ranges; the first bar has none (TA-Lib ATR; Wilder 1978).',
  revision: 1,
  parameters: [period()],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['atr'],
  memory: () => 'series',
  examples: ['atr(14)', 'atr(1)', 'atr(3)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => {
    const average = new WilderAverage(numberAt(parameters, 0), TRUE_RANGE_SLOTS);
    return {
      slots: TRUE_RANGE_SLOTS + WilderAverage.slots,
      windows: [],
      run(state, rows, out, from, to) {
        let row = from;
        for (; row < to && !average.hasStarted(state); row += 1) {
          const range = nextTrueRange(state, 0, rows, row);
          if (!Number.isNaN(range)) out[row] = average.next(state, range);
        }
        if (row === to) return;
        let value = average.after(average.load(state), nextTrueRange(state, 0, rows, row));
        out[row] = value;
        for (row += 1; row < to; row += 1) {
          value = average.after(value, trueRangeWithin(rows, row));
          out[row] = value;
        }
        average.store(state, value);
        rememberClose(state, 0, rows, to - 1);
      },
    };
  },
};
