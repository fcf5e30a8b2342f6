import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { moneyFlow } from '../money-flow.ts';

const COUNT = 0;
const LINE = 1;
const FAST = 2;
const SLOW = 3;

/** One step of an exponential average that starts with its first value. */
function smooth(state: Float64Array, at: number, size: number, value: number): number {
  const weight = 2 / (size + 1);
  const average = slot(state, COUNT) === 0 ? value : weight * value + (1 - weight) * slot(state, at);
  state[at] = average;
  return average;
}

export const adosc: IndicatorDefinition = {
  name: 'adosc',
  title: 'Chaikin oscillator',
  formula:
    'EMA(fast) − EMA(slow) of the accumulation/distribution line, both starting with its first value (TA-Lib ADOSC; M. Chaikin).',
  revision: 1,
  parameters: [period('fast', 2), period('slow', 2)],
  defaultSource: null,
  reads: ['high', 'low', 'close', 'volume'],
  outputs: ['adosc'],
  memory: () => 'series',
  examples: ['adosc(3,10)', 'adosc(2,2)', 'adosc(7,4)'],
  lookback: (parameters) => Math.max(numberAt(parameters, 0), numberAt(parameters, 1)) - 1,
  create: (parameters) => {
    const fast = numberAt(parameters, 0);
    const slow = numberAt(parameters, 1);
    const lookback = Math.max(fast, slow) - 1;
    return {
      slots: 4,
      windows: [],
      run(state, rows, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const line = slot(state, LINE) + moneyFlow(rows, row);
          state[LINE] = line;
          const value = smooth(state, FAST, fast, line) - smooth(state, SLOW, slow, line);
          const count = slot(state, COUNT);
          state[COUNT] = Math.min(count + 1, lookback + 1);
          if (count >= lookback) out[row] = value;
        }
      },
    };
  },
};
