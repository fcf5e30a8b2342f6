import { slot, type IndicatorDefinition } from '../definition.ts';
import { at } from '../rows.ts';

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
    run(state, bar, out, from, to) {
      for (let row = from; row < to; row += 1) {
        const started = slot(state, STARTED) === 1;
        const first = at(bar.open, row);
        const last = at(bar.close, row);
        const high = at(bar.high, row);
        const low = at(bar.low, row);
        const open = started ? (slot(state, OPEN) + slot(state, CLOSE)) / 2 : (first + last) / 2;
        const close = (first + high + low + last) / 4;
        state[STARTED] = 1;
        state[OPEN] = open;
        state[CLOSE] = close;
        out[row] = open;
        out[row + bar.count] = Math.max(high, open, close);
        out[row + 2 * bar.count] = Math.min(low, open, close);
        out[row + 3 * bar.count] = close;
      }
    },
  }),
};
