import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { annualized, logRatio, PER_YEAR } from '../volatility.ts';
import { at } from '../rows.ts';

export const garmanklass: IndicatorDefinition = {
  name: 'garmanklass',
  title: 'Realised volatility by open, high, low and close (Garman and Klass)',
  formula:
    '√(mean of ½ · ln(high / low)² − (2 · ln 2 − 1) · ln(close / open)² over the last `period` bars · per-year), at least 0; a bar whose prices are not positive counts as 0 (M. Garman and M. Klass, ' +
    'Journal of Business 53, 1980).',
  revision: 1,
  parameters: [period(), PER_YEAR],
  defaultSource: null,
  reads: ['open', 'high', 'low', 'close'],
  outputs: ['garmanklass'],
  memory: () => 'window',
  examples: ['garmanklass(20,252)', 'garmanklass(1,1)', 'garmanklass(5,98280)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const average = new SlidingMean(numberAt(parameters, 0), 0);
    return {
      slots: SlidingMean.slots,
      windows: [average.window],
      run(state, { open, high, low, close }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const range = logRatio(at(high, row), at(low, row));
          const move = logRatio(at(close, row), at(open, row));
          const variance = average.next(state, 0.5 * range * range - (2 * Math.LN2 - 1) * move * move);
          if (!Number.isNaN(variance)) out[row] = annualized(Math.max(variance, 0), 1, parameters);
        }
      },
    };
  },
};
