import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { annualized, logRatio, PER_YEAR } from '../volatility.ts';

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
      step(state, _price, { open, high, low, close }, out) {
        const range = logRatio(high, low);
        const move = logRatio(close, open);
        const variance = average.next(state, 0.5 * range * range - (2 * Math.LN2 - 1) * move * move);
        if (Number.isNaN(variance)) return false;
        out[0] = annualized(Math.max(variance, 0), 1, parameters);
        return true;
      },
    };
  },
};
