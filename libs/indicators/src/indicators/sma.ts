import type { IndicatorDefinition, Kernel } from '../definition.ts';
import { numberAt, period } from '../definition.ts';
import { EXACT_SUM_SLOTS, meanOf, slideSum } from '../exact-sum.ts';
import type { IndicatorInput } from '../input.ts';
import { Window } from '../window.ts';

class SmaKernel implements Kernel {
  readonly slots = EXACT_SUM_SLOTS;
  readonly windows: readonly Window[];
  readonly #window: Window;

  constructor(size: number) {
    this.#window = new Window(size);
    this.windows = [this.#window];
  }

  step(state: Float64Array, price: number, _input: IndicatorInput, out: number[]): boolean {
    const window = this.#window;
    window.push(price);
    slideSum(state, 0, window);
    if (!window.full) return false;
    out[0] = meanOf(state, 0, window.size);
    return true;
  }
}

export const sma: IndicatorDefinition = {
  name: 'sma',
  title: 'Simple moving average',
  formula:
    'The mean of the last `period` values, as TA-Lib SMA up to its rounding: computed from their exact sum, so that it ' +
    'depends on these values only and equal values have themselves as their mean.',
  revision: 1,
  parameters: [period()],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['sma'],
  memory: () => 'window',
  examples: ['sma(20)', 'sma(1)', 'sma(3,hl2)', 'sma(50,volume)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => new SmaKernel(numberAt(parameters, 0)),
};
