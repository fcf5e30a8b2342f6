import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { weightedMean } from '../window-math.ts';
import { Window } from '../window.ts';
import { at } from '../rows.ts';

/** The shorter windows are rounded down, to 1 at least. */
function half(size: number): number {
  return Math.max(1, Math.floor(size / 2));
}

function root(size: number): number {
  return Math.floor(Math.sqrt(size));
}

export const hma: IndicatorDefinition = {
  name: 'hma',
  title: 'Hull moving average',
  formula:
    'WMA(√period) of 2 · WMA(period / 2) − WMA(period), both shorter periods rounded down (A. Hull, "How to reduce lag in a moving ' +
    'average", 2005).',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['hma'],
  memory: () => 'window',
  examples: ['hma(16)', 'hma(1)', 'hma(7,hlc3)'],
  lookback: (parameters) => numberAt(parameters, 0) + root(numberAt(parameters, 0)) - 2,
  create: (parameters) => {
    const size = numberAt(parameters, 0);
    const long = new Window(size);
    const short = new Window(half(size));
    const differences = new Window(root(size));
    return {
      slots: 0,
      windows: [long, short, differences],
      run(_state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          long.push(at(price, row));
          short.push(at(price, row));
          if (!long.full) continue;
          differences.push(2 * weightedMean(short) - weightedMean(long));
          if (differences.full) out[row] = weightedMean(differences);
        }
      },
    };
  },
};
