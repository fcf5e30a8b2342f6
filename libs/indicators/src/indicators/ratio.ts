import { sourceAt, type IndicatorDefinition } from '../definition.ts';
import { PRICE_SOURCES } from '../input.ts';
import { at } from '../rows.ts';

export const ratio: IndicatorDefinition = {
  name: 'ratio',
  title: 'Ratio',
  formula:
    'value / the `other` source, 0 where that is 0; of two instruments (`ratio(close@SPY)`, docs/indicators-on-demand.md) their relative strength ' +
    '(R. Levy, Relative Strength as a Criterion for Investment Selection, 1967).',
  revision: 1,
  parameters: [{ kind: 'choice', name: 'other', choices: PRICE_SOURCES }],
  defaultSource: 'close',
  reads: ['source'],
  otherSource: (parameters) => sourceAt(parameters, 0),
  outputs: ['ratio'],
  memory: () => 'window',
  examples: ['ratio(open)', 'ratio(volume)', 'ratio(high,low)'],
  lookback: () => 0,
  create: () => ({
    slots: 0,
    windows: [],
    run(_state, { price, other }, out, from, to) {
      for (let row = from; row < to; row += 1) {
        const divisor = at(other, row);
        out[row] = divisor === 0 ? 0 : at(price, row) / divisor;
      }
    },
  }),
};
