import type { IndicatorDefinition, Kernel } from '../definition.ts';
import { numberAt, period } from '../definition.ts';
import type { IndicatorInput } from '../input.ts';
import { smoothExponentially, SMOOTHING_SLOTS } from '../smoothing.ts';

class EmaKernel implements Kernel {
  readonly slots = SMOOTHING_SLOTS;
  readonly windows = [];
  readonly #period: number;

  constructor(size: number) {
    this.#period = size;
  }

  step(state: Float64Array, price: number, _input: IndicatorInput, out: number[]): boolean {
    const average = smoothExponentially(state, 0, this.#period, price);
    out[0] = average;
    return !Number.isNaN(average);
  }
}

export const ema: IndicatorDefinition = {
  name: 'ema',
  title: 'Exponential moving average',
  formula:
    'previous + (value − previous) · 2 / (period + 1), starting as the simple average of the first `period` values ' +
    '(TA-Lib EMA, default compatibility).',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['ema'],
  memory: () => 'series',
  examples: ['ema(12)', 'ema(1)', 'ema(5,ohlc4)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => new EmaKernel(numberAt(parameters, 0)),
};
