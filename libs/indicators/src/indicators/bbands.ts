import type { IndicatorDefinition, Kernel } from '../definition.ts';
import { numberAt, period } from '../definition.ts';
import { EXACT_SUM_SLOTS, meanOf, slideSum } from '../exact-sum.ts';
import type { IndicatorInput } from '../input.ts';
import { squaredDistances } from '../window-math.ts';
import { Window } from '../window.ts';

class BbandsKernel implements Kernel {
  readonly slots = EXACT_SUM_SLOTS;
  readonly windows: readonly Window[];
  readonly #window: Window;
  readonly #multiplier: number;

  constructor(size: number, multiplier: number) {
    this.#window = new Window(size);
    this.windows = [this.#window];
    this.#multiplier = multiplier;
  }

  step(state: Float64Array, price: number, _input: IndicatorInput, out: number[]): boolean {
    const window = this.#window;
    window.push(price);
    slideSum(state, 0, window);
    if (!window.full) return false;
    const middle = meanOf(state, 0, window.size);
    const distance = this.#multiplier * Math.sqrt(squaredDistances(window, middle) / window.size);
    out[0] = middle + distance;
    out[1] = middle;
    out[2] = middle - distance;
    return true;
  }
}

export const bbands: IndicatorDefinition = {
  name: 'bbands',
  title: 'Bollinger bands',
  formula:
    'middle = SMA(period), upper and lower = middle ± deviations · population standard deviation over the same window (TA-Lib ' +
    'BBANDS with SMA; J. Bollinger, "Bollinger on Bollinger Bands", 2001). The deviation is taken about the exact mean, so ' +
    'that equal prices give a width of exactly 0 and nearly equal ones keep theirs.',
  revision: 1,
  parameters: [period('period', 2), { kind: 'number', name: 'deviations', min: 0.01, max: 100 }],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['upper', 'middle', 'lower'],
  memory: () => 'window',
  examples: ['bbands(20,2)', 'bbands(2,1.5)', 'bbands(7,2.25,hlc3)'],
  lookback: (parameters) => numberAt(parameters, 0) - 1,
  create: (parameters) => new BbandsKernel(numberAt(parameters, 0), numberAt(parameters, 1)),
};
