import { slot, type IndicatorDefinition } from '../definition.ts';
import { at } from '../rows.ts';

const STARTED = 0;
const PREVIOUS = 1;
const VOLUME = 2;

export const obv: IndicatorDefinition = {
  name: 'obv',
  title: 'On-balance volume',
  formula:
    'The volume is added where the value rises and subtracted where it falls, starting at the first volume (TA-Lib OBV; J. Granville, 1963).',
  revision: 1,
  parameters: [],
  defaultSource: 'close',
  reads: ['source', 'volume'],
  outputs: ['obv'],
  memory: () => 'series',
  examples: ['obv()', 'obv(hlc3)'],
  lookback: () => 0,
  create: () => ({
    slots: 3,
    windows: [],
    run(state, { price, volume }, out, from, to) {
      for (let row = from; row < to; row += 1) {
        const value = at(price, row);
        const started = slot(state, STARTED) === 1;
        const change = started ? value - slot(state, PREVIOUS) : 1;
        state[STARTED] = 1;
        state[PREVIOUS] = value;
        const total = slot(state, VOLUME) + Math.sign(change) * at(volume, row);
        state[VOLUME] = total;
        out[row] = total;
      }
    },
  }),
};
