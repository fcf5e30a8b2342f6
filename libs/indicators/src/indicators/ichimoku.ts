import { numberAt, period, type IndicatorDefinition, type ParameterValue } from '../definition.ts';
import { at } from '../rows.ts';
import { highest, lowest } from '../window-math.ts';
import { Window } from '../window.ts';

/** The middle between the extremes of the last `size` bars. */
function middle(highs: Window, lows: Window, size: number): number {
  const high = highest({ data: highs.data, end: highs.end, size });
  return (high + lowest({ data: lows.data, end: lows.end, size })) / 2;
}

/** How many bars the longest of the three lines needs. */
function longest(parameters: readonly ParameterValue[]): number {
  return Math.max(numberAt(parameters, 0), numberAt(parameters, 1), numberAt(parameters, 2));
}

export const ichimoku: IndicatorDefinition = {
  name: 'ichimoku',
  title: 'Ichimoku cloud',
  formula:
    'Each line is the middle between the highest high and the lowest low: of the last `conversion` bars (tenkan-sen), of the last `base` bars (kijun-sen); span-a is the mean ' +
    'of these two and span-b the middle of the last `span-b` bars, both as they were `displacement` bars ago, where a chart draws them (G. Hosoda, 1969; offsets as in ' +
    'stock-indicators; what TradingView draws with a displacement of 26 is 25 here). The lagging span is the close itself, drawn so many bars back. All four are there with the last ' +
    'of them; where prices stand still all are that price.',
  revision: 1,
  parameters: [period('conversion'), period('base'), period('span-b'), period('displacement')],
  defaultSource: null,
  reads: ['high', 'low'],
  outputs: ['conversion', 'base', 'span-a', 'span-b'],
  memory: () => 'window',
  examples: ['ichimoku(9,26,52,26)', 'ichimoku(1,2,3,1)', 'ichimoku(6,4,3,5)'],
  lookback: (parameters) => longest(parameters) - 1 + numberAt(parameters, 3),
  create: (parameters) => {
    const highs = new Window(longest(parameters));
    const lows = new Window(longest(parameters));
    const spansA = new Window(numberAt(parameters, 3));
    const spansB = new Window(numberAt(parameters, 3));
    return {
      slots: 0,
      windows: [highs, lows, spansA, spansB],
      run(_state, { high, low, count }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          highs.push(at(high, row));
          lows.push(at(low, row));
          if (!highs.full) continue;
          const conversion = middle(highs, lows, numberAt(parameters, 0));
          const base = middle(highs, lows, numberAt(parameters, 1));
          spansA.push((conversion + base) / 2);
          spansB.push(middle(highs, lows, numberAt(parameters, 2)));
          if (!spansA.hasLeaving) continue;
          out[row] = conversion;
          out[row + count] = base;
          out[row + 2 * count] = spansA.leaving;
          out[row + 3 * count] = spansB.leaving;
        }
      },
    };
  },
};
