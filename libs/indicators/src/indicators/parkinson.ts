import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { annualized, logRatio, PER_YEAR } from '../volatility.ts';
import { at } from '../rows.ts';

export const parkinson: IndicatorDefinition = {
  name: 'parkinson',
  title: 'Realised volatility by range (Parkinson)',
  formula:
    '√(mean of ln(high / low)² over the last `period` bars / (4 · ln 2) · per-year); a bar whose prices are not positive counts as 0 (M. Parkinson, Journal of Business 53, 1980).',
  revision: 1,
  parameters: [period(), PER_YEAR],
  defaultSource: null,
  reads: ['high', 'low'],
  outputs: ['parkinson'],
  memory: () => 'window',
  examples: ['parkinson(20,252)', 'parkinson(1,1)', 'parkinson(5,98280)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const average = new SlidingMean(numberAt(parameters, 0), 0);
    return {
      slots: SlidingMean.slots,
      windows: [average.window],
      run(state, { high, low }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const range = logRatio(at(high, row), at(low, row));
          const variance = average.next(state, (range * range) / (4 * Math.LN2));
          if (!Number.isNaN(variance)) out[row] = annualized(Math.max(variance, 0), 1, parameters);
        }
      },
    };
  },
};
