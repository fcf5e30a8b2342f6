import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { PercentOfRange } from '../percent-of-range.ts';

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
      step(state, _price, { high, low, close }, out) {
        const raw = range.next(high, low, close);
        if (Number.isNaN(raw)) return false;
        const k = slowK.next(state, raw);
        if (Number.isNaN(k)) return false;
        const d = slowD.next(state, k);
        out[0] = k;
        out[1] = d;
        return !Number.isNaN(d);
      },
    };
  },
};
