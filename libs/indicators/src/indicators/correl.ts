import { SlidingMean } from '../average.ts';
import { numberAt, period, sourceAt, type IndicatorDefinition } from '../definition.ts';
import { PRICE_SOURCES } from '../input.ts';
import { productOfDistances, squaredDistances } from '../window-math.ts';
import { at } from '../rows.ts';

export const correl: IndicatorDefinition = {
  name: 'correl',
  title: 'Correlation',
  formula:
    "Pearson's correlation of a bar's source with its `other` source over the last `period` bars; 0 where one of them does not change (TA-Lib CORREL).",
  revision: 1,
  parameters: [period('period', 2), { kind: 'choice', name: 'other', choices: PRICE_SOURCES }],
  defaultSource: 'close',
  reads: ['source'],
  otherSource: (parameters) => sourceAt(parameters, 1),
  outputs: ['correl'],
  memory: () => 'window',
  examples: ['correl(20,volume)', 'correl(2,open)', 'correl(5,low,high)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const x = new SlidingMean(numberAt(parameters, 0), 0);
    const y = new SlidingMean(numberAt(parameters, 0), SlidingMean.slots);
    return {
      slots: 2 * SlidingMean.slots,
      windows: [x.window, y.window],
      run(state, { price, other }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const meanX = x.next(state, at(price, row));
          const meanY = y.next(state, at(other, row));
          if (Number.isNaN(meanX)) continue;
          const spread =
            Math.sqrt(squaredDistances(x.window, meanX)) * Math.sqrt(squaredDistances(y.window, meanY));
          out[row] = spread === 0 ? 0 : productOfDistances(x.window, meanX, y.window, meanY) / spread;
        }
      },
    };
  },
};
