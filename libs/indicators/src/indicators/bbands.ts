import { SlidingMean } from '../average.ts';
import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { at } from '../rows.ts';
import { squaredDistances, squaresAbout } from '../window-math.ts';

function putBands(out: Float64Array, row: number, count: number, middle: number, distance: number): void {
  out[row] = middle + distance;
  out[row + count] = middle;
  out[row + 2 * count] = middle - distance;
}

export const bbands: IndicatorDefinition = {
  name: 'bbands',
  title: 'Bollinger bands',
  formula:
    'middle = SMA(period), upper and lower = middle ± deviations · population standard deviation over the same window (TA-Lib ' +
    'BBANDS with SMA; J. Bollinger, "Bollinger on Bollinger Bands", 2001). The deviation is taken about the exact mean, so ' +
    'that equal prices give a width of exactly 0 and nearly equal ones keep theirs.',
  revision: 1,
  parameters: [period('period', 2), { kind: 'number', name: 'deviations', min: 0.01, max: 100 }],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['upper', 'middle', 'lower'],
  memory: () => 'window',
  examples: ['bbands(20,2)', 'bbands(2,1.5)', 'bbands(7,2.25,hlc3)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const deviations = numberAt(parameters, 1);
    const average = new SlidingMean(size, 0);
    const { window } = average;
    return {
      slots: SlidingMean.slots,
      windows: [window],
      run(state, { price, count }, out, from, to) {
        const inside = Math.min(from + size, to);
        for (let row = from; row < inside; row += 1) {
          const mean = average.next(state, at(price, row));
          if (Number.isNaN(mean)) continue;
          const squares = squaredDistances(window, mean);
          putBands(out, row, count, mean, deviations * Math.sqrt(squares / size));
        }
        average.within(state, price, out, inside, to);
        for (let row = inside; row < to; row += 1) {
          const mean = at(out, row);
          const squares = squaresAbout(price, row + 1, size, mean);
          putBands(out, row, count, mean, deviations * Math.sqrt(squares / size));
        }
      },
    };
  },
};
