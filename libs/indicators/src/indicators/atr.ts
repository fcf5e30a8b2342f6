import type { IndicatorDefinition, Kernel } from '../definition.ts';
import { numberAt, period } from '../definition.ts';
import type { IndicatorInput } from '../input.ts';
import { smoothWilder, SMOOTHING_SLOTS } from '../smoothing.ts';
import { nextTrueRange, TRUE_RANGE_SLOTS } from '../true-range.ts';

const RANGE = TRUE_RANGE_SLOTS;

class AtrKernel implements Kernel {
  readonly slots = RANGE + SMOOTHING_SLOTS;
  readonly windows = [];
  readonly #period: number;

  constructor(size: number) {
    this.#period = size;
  }

  step(state: Float64Array, _price: number, input: IndicatorInput, out: number[]): boolean {
    const range = nextTrueRange(state, 0, input);
    if (Number.isNaN(range)) return false;
    const average = smoothWilder(state, RANGE, this.#period, range);
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
