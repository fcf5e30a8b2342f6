import { numberAt, sourceAt, type IndicatorDefinition } from '../definition.ts';
import { PRICE_SOURCES } from '../input.ts';
import { at } from '../rows.ts';

export const spread: IndicatorDefinition = {
  name: 'spread',
  title: 'Spread',
  formula:
    'value − `hedge` · the `other` source; of two instruments (`spread(1.5,close@KO)`, docs/indicators-on-demand.md) what a position of one against `hedge` of the other is ' +
    'worth (E. Gatev, W. Goetzmann, G. Rouwenhorst, Pairs Trading, 2006).',
  revision: 1,
  parameters: [
    { kind: 'number', name: 'hedge', min: 0, max: 1_000_000 },
    { kind: 'choice', name: 'other', choices: PRICE_SOURCES },
  ],
  defaultSource: 'close',
  reads: ['source'],
  otherSource: (parameters) => sourceAt(parameters, 1),
  outputs: ['spread'],
  memory: () => 'window',
  examples: ['spread(1,open)', 'spread(0.5,high,low)'],
  lookback: () => 0,
  create: (parameters) => {
    const hedge = numberAt(parameters, 0);
    return {
      slots: 0,
      windows: [],
      run(_state, { price, other }, out, from, to) {
        for (let row = from; row < to; row += 1) out[row] = at(price, row) - hedge * at(other, row);
      },
    };
  },
};
