import type { IndicatorDefinition, Kernel } from '../definition.ts';
import { numberAt, period, slot } from '../definition.ts';
import type { IndicatorInput } from '../input.ts';
import { smoothExponentially, SMOOTHING_SLOTS } from '../smoothing.ts';

/** Inputs that only the slow average takes, so that both averages start on the same input. */
const SKIPPED = 0;
const FAST = 1;
const SLOW = FAST + SMOOTHING_SLOTS;
const SIGNAL = SLOW + SMOOTHING_SLOTS;

class MacdKernel implements Kernel {
  readonly slots = SIGNAL + SMOOTHING_SLOTS;
  readonly windows = [];
  readonly #fast: number;
  readonly #slow: number;
  readonly #signal: number;

  constructor(fast: number, slow: number, signal: number) {
    this.#fast = fast;
    this.#slow = slow;
    this.#signal = signal;
  }

  step(state: Float64Array, price: number, _input: IndicatorInput, out: number[]): boolean {
    const slow = smoothExponentially(state, SLOW, this.#slow, price);
    const skipped = slot(state, SKIPPED);
    if (skipped < this.#slow - this.#fast) {
      state[SKIPPED] = skipped + 1;
      return false;
    }
    const macd = smoothExponentially(state, FAST, this.#fast, price) - slow;
    if (Number.isNaN(macd)) return false;
    const signal = smoothExponentially(state, SIGNAL, this.#signal, macd);
    out[0] = macd;
    out[1] = signal;
    out[2] = macd - signal;
    return !Number.isNaN(signal);
  }
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
  create: (parameters) =>
    new MacdKernel(numberAt(parameters, 0), numberAt(parameters, 1), numberAt(parameters, 2)),
};
