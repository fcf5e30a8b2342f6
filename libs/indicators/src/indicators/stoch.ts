import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { PercentOfRange } from '../percent-of-range.ts';
import { at } from '../rows.ts';

export const stoch: IndicatorDefinition = {
  name: 'stoch',
  title: 'Slow stochastic',
  formula:
    'k = SMA(`slow-k`) of 100 · (close − lowest low) / (highest high − lowest low) over `fast-k` inputs, which is 0 where they are equal; ' +
    'd = SMA(`slow-d`) of k (TA-Lib STOCH with SMA; G. Lane).',
  revision: 1,
  parameters: [period('fast-k'), period('slow-k'), period('slow-d')],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['k', 'd'],
  memory: () => 'window',
  examples: ['stoch(14,3,3)', 'stoch(1,1,1)', 'stoch(5,3,2)'],
  lookback: (parameters) => numberAt(parameters, 0) + numberAt(parameters, 1) + numberAt(parameters, 2) - 3,
  create: (parameters) => {
    const range = new PercentOfRange(numberAt(parameters, 0));
    const slowK = new SlidingMean(numberAt(parameters, 1), 0);
    const slowD = new SlidingMean(numberAt(parameters, 2), SlidingMean.slots);
    return {
      slots: 2 * SlidingMean.slots,
      windows: [...range.windows, slowK.window, slowD.window],
      run(state, { high, low, close, count }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const raw = range.next(at(high, row), at(low, row), at(close, row));
          if (Number.isNaN(raw)) continue;
          const k = slowK.next(state, raw);
          if (Number.isNaN(k)) continue;
          const d = slowD.next(state, k);
          if (Number.isNaN(d)) continue;
          out[row] = k;
          out[row + count] = d;
        }
      },
    };
  },
};
