import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { PercentOfRange } from '../percent-of-range.ts';
import { at } from '../rows.ts';

export const stochf: IndicatorDefinition = {
  name: 'stochf',
  title: 'Fast stochastic',
  formula:
    'k = 100 · (close − lowest low) / (highest high − lowest low) over `k` inputs, 0 where they are equal; d = SMA(`d`) of k ' +
    '(TA-Lib STOCHF with SMA; G. Lane).',
  revision: 1,
  parameters: [period('k'), period('d')],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['k', 'd'],
  memory: () => 'window',
  examples: ['stochf(14,3)', 'stochf(1,1)', 'stochf(5,2)'],
  lookback: (parameters) => numberAt(parameters, 0) + numberAt(parameters, 1) - 2,
  create: (parameters) => {
    const range = new PercentOfRange(numberAt(parameters, 0));
    const average = new SlidingMean(numberAt(parameters, 1), 0);
    return {
      slots: SlidingMean.slots,
      windows: [...range.windows, average.window],
      run(state, { high, low, close, count }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const k = range.next(at(high, row), at(low, row), at(close, row));
          if (Number.isNaN(k)) continue;
          const d = average.next(state, k);
          if (Number.isNaN(d)) continue;
          out[row] = k;
          out[row + count] = d;
        }
      },
    };
  },
};
