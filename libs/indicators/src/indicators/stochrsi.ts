import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { PercentOfRange } from '../percent-of-range.ts';
import { RelativeStrength } from '../relative-strength.ts';
import { at } from '../rows.ts';

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
      run(state, { price, count }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const rsi = strength.next(state, at(price, row));
          if (Number.isNaN(rsi)) continue;
          const k = range.next(rsi, rsi, rsi);
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
