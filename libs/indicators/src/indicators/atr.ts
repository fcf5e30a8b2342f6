import type { IndicatorDefinition, Kernel } from '../definition.ts';
import { numberAt, period, slot } from '../definition.ts';
import type { IndicatorInput } from '../input.ts';
import { smoothWilder, SMOOTHING_SLOTS } from '../smoothing.ts';

const STARTED = 0;
const PREVIOUS_CLOSE = 1;
const RANGE = 2;

class AtrKernel implements Kernel {
  readonly slots = RANGE + SMOOTHING_SLOTS;
  readonly windows = [];
  readonly #period: number;

  constructor(size: number) {
    this.#period = size;
  }

  step(state: Float64Array, _price: number, input: IndicatorInput, out: number[]): boolean {
    const started = slot(state, STARTED) === 1;
    const previous = slot(state, PREVIOUS_CLOSE);
    state[PREVIOUS_CLOSE] = input.close;
    if (!started) {
      state[STARTED] = 1;
      return false;
    }
    const trueRange = Math.max(
      input.high - input.low,
      Math.abs(input.high - previous),
      Math.abs(input.low - previous),
    );
    const average = smoothWilder(state, RANGE, this.#period, trueRange);
    out[0] = average;
    return !Number.isNaN(average);
  }
}

export const atr: IndicatorDefinition = {
  name: 'atr',
  title: 'Average true range',
  formula:
    'The true range, max(high − low, |high − previous close|, |low − previous close|), smoothed by Wilder, starting as the ' +
    'plain average of the first `period` true ranges; the first bar has none (TA-Lib ATR; Wilder 1978).',
  revision: 1,
  parameters: [period()],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['atr'],
  memory: () => 'series',
  examples: ['atr(14)', 'atr(1)', 'atr(3)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => new AtrKernel(numberAt(parameters, 0)),
};
