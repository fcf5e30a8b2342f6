import type { IndicatorDefinition, Kernel } from '../definition.ts';
import { numberAt, period } from '../definition.ts';
import { EXACT_SUM_SLOTS, meanOf, slideSum } from '../exact-sum.ts';
import type { IndicatorInput } from '../input.ts';
import { Window } from '../window.ts';

/**
 * Sum of squared distances from `mean` over the window, in four interleaved sums by age: the order, and so every bit, is
 * fixed by the window alone, and the four do not wait for one another (about 3 times the speed of one sum).
 */
function squaredDistances(window: Window, mean: number): number {
  const { data, end, size } = window;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let index = end - size;
  for (; index + 4 <= end; index += 4) {
    const x0 = (data[index] ?? NaN) - mean;
    const x1 = (data[index + 1] ?? NaN) - mean;
    const x2 = (data[index + 2] ?? NaN) - mean;
    const x3 = (data[index + 3] ?? NaN) - mean;
    a += x0 * x0;
    b += x1 * x1;
    c += x2 * x2;
    d += x3 * x3;
  }
  for (; index < end; index += 1) {
    const x = (data[index] ?? NaN) - mean;
    a += x * x;
  }
  return a + b + (c + d);
}

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
