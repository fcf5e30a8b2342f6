import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { PercentOfRange } from '../percent-of-range.ts';
import { RelativeStrength } from '../relative-strength.ts';

export const stochrsi: IndicatorDefinition = {
  name: 'stochrsi',
  title: 'Stochastic RSI',
  formula:
    'The fast stochastic of RSI(period) instead of prices: k over `k` values, d = SMA(`d`) of k (TA-Lib STOCHRSI with SMA; T. Chande and ' +
    'S. Kroll, "The New Technical Trader", 1994).',
  revision: 1,
  parameters: [period('period', 2), period('k'), period('d')],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['k', 'd'],
  memory: () => 'series',
  examples: ['stochrsi(14,14,3)', 'stochrsi(2,1,1)', 'stochrsi(5,3,2,hl2)'],
  lookback: (parameters) => numberAt(parameters, 0) + numberAt(parameters, 1) + numberAt(parameters, 2) - 2,
  create: (parameters) => {
    const strength = new RelativeStrength(numberAt(parameters, 0));
    const range = new PercentOfRange(numberAt(parameters, 1));
    const average = new SlidingMean(numberAt(parameters, 2), RelativeStrength.slots);
    return {
      slots: RelativeStrength.slots + SlidingMean.slots,
      windows: [...range.windows, average.window],
      step(state, price, _input, out) {
        const rsi = strength.next(state, price);
        if (Number.isNaN(rsi)) return false;
        const k = range.next(rsi, rsi, rsi);
        if (Number.isNaN(k)) return false;
        const d = average.next(state, k);
        out[0] = k;
        out[1] = d;
        return !Number.isNaN(d);
      },
    };
  },
};
