import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { PercentOfRange } from '../percent-of-range.ts';

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
      step(state, _price, { high, low, close }, out) {
        const k = range.next(high, low, close);
        if (Number.isNaN(k)) return false;
        const d = average.next(state, k);
        out[0] = k;
        out[1] = d;
        return !Number.isNaN(d);
      },
    };
  },
};
