import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { ExponentialAverage } from '../smoothing.ts';
import { at } from '../rows.ts';

/** Inputs that only the slow average takes, so that both averages start on the same input. */
const SKIPPED = 0;
const FAST = 1;
const SLOW = FAST + ExponentialAverage.slots;
const SIGNAL = SLOW + ExponentialAverage.slots;

function putLines(out: Float64Array, row: number, count: number, line: number, signal: number): void {
  out[row] = line;
  out[row + count] = signal;
  out[row + 2 * count] = line - signal;
}

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
      run(state, { price, count }, out, from, to) {
        let row = from;
        for (; row < to && !signalAverage.hasStarted(state); row += 1) {
          const slow = slowAverage.next(state, at(price, row));
          const skipped = slot(state, SKIPPED);
          if (skipped < late) state[SKIPPED] = skipped + 1;
          if (skipped < late) continue;
          const line = fastAverage.next(state, at(price, row)) - slow;
          if (Number.isNaN(line)) continue;
          const signal = signalAverage.next(state, line);
          if (!Number.isNaN(signal)) putLines(out, row, count, line, signal);
        }
        let fast = fastAverage.load(state);
        let slow = slowAverage.load(state);
        let signal = signalAverage.load(state);
        for (; row < to; row += 1) {
          fast = fastAverage.after(fast, at(price, row));
          slow = slowAverage.after(slow, at(price, row));
          signal = signalAverage.after(signal, fast - slow);
          putLines(out, row, count, fast - slow, signal);
        }
        fastAverage.store(state, fast);
        slowAverage.store(state, slow);
        signalAverage.store(state, signal);
      },
    };
  },
};
