import { slot, type IndicatorDefinition } from '../definition.ts';

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
    step(state, price, { volume }, out) {
      const started = slot(state, STARTED) === 1;
      const change = started ? price - slot(state, PREVIOUS) : 1;
      state[STARTED] = 1;
      state[PREVIOUS] = price;
      const total = slot(state, VOLUME) + Math.sign(change) * volume;
      state[VOLUME] = total;
      out[0] = total;
      return true;
    },
  }),
};
