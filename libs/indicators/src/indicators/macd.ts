import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { ExponentialAverage } from '../smoothing.ts';

/** Inputs that only the slow average takes, so that both averages start on the same input. */
const SKIPPED = 0;
const FAST = 1;
const SLOW = FAST + ExponentialAverage.slots;
const SIGNAL = SLOW + ExponentialAverage.slots;

export const macd: IndicatorDefinition = {
  name: 'macd',
  title: 'Moving average convergence/divergence',
  formula:
    'macd = EMA(fast) − EMA(slow), signal = EMA(signal) of macd, histogram = macd − signal (TA-Lib MACD, default ' +
    'compatibility): the fast average starts over the last `fast` of the first `slow` values, so that both start together; ' +
    'all three outputs are defined from the first signal on. TA-Lib swaps fast and slow when they come the wrong way round.',
  revision: 1,
  parameters: [period('fast', 2), period('slow', 2), period('signal')],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['macd', 'signal', 'histogram'],
  memory: () => 'series',
  examples: ['macd(12,26,9)', 'macd(2,3,1)', 'macd(3,10,4,open)'],
  lookback: (parameters) => numberAt(parameters, 1) + numberAt(parameters, 2) - 2,
  check: (parameters) =>
    numberAt(parameters, 0) < numberAt(parameters, 1) ? null : 'fast must be less than slow',
  create: (parameters) => {
    const late = numberAt(parameters, 1) - numberAt(parameters, 0);
    const fastAverage = new ExponentialAverage(numberAt(parameters, 0), FAST);
    const slowAverage = new ExponentialAverage(numberAt(parameters, 1), SLOW);
    const signalAverage = new ExponentialAverage(numberAt(parameters, 2), SIGNAL);
    return {
      slots: SIGNAL + ExponentialAverage.slots,
      windows: [],
      step(state, price, _input, out) {
        const slow = slowAverage.next(state, price);
        const skipped = slot(state, SKIPPED);
        if (skipped < late) {
          state[SKIPPED] = skipped + 1;
          return false;
        }
        const line = fastAverage.next(state, price) - slow;
        if (Number.isNaN(line)) return false;
        const signal = signalAverage.next(state, line);
        out[0] = line;
        out[1] = signal;
        out[2] = line - signal;
        return !Number.isNaN(signal);
      },
    };
  },
};
