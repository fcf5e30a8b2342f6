import { slot, type IndicatorDefinition } from '../definition.ts';

const STARTED = 0;
const OPEN = 1;
const CLOSE = 2;

export const heikinashi: IndicatorDefinition = {
  name: 'heikinashi',
  title: 'Heikin-Ashi',
  formula:
    'close = (open + high + low + close) / 4, open = the mean of open and close of the Heikin-Ashi bar before, at first (open + close) / 2 of the bar itself, high and low = the ' +
    "extremes of these and the bar's own (D. Valcu, Stocks & Commodities, February 2004).",
  revision: 1,
  parameters: [],
  defaultSource: null,
  reads: ['open', 'high', 'low', 'close'],
  outputs: ['open', 'high', 'low', 'close'],
  memory: () => 'series',
  examples: ['heikinashi()'],
  lookback: () => 0,
  create: () => ({
    slots: 3,
    windows: [],
    step(state, _price, bar, out) {
      const started = slot(state, STARTED) === 1;
      const open = started ? (slot(state, OPEN) + slot(state, CLOSE)) / 2 : (bar.open + bar.close) / 2;
      const close = (bar.open + bar.high + bar.low + bar.close) / 4;
      state[STARTED] = 1;
      state[OPEN] = open;
      state[CLOSE] = close;
      out[0] = open;
      out[1] = Math.max(bar.high, open, close);
      out[2] = Math.min(bar.low, open, close);
      out[3] = close;
      return true;
    },
  }),
};
