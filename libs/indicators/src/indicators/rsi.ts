import type { IndicatorDefinition, Kernel } from '../definition.ts';
import { numberAt, period, slot } from '../definition.ts';
import type { IndicatorInput } from '../input.ts';
import { smoothWilder, SMOOTHING_SLOTS } from '../smoothing.ts';

const STARTED = 0;
const PREVIOUS = 1;
const GAIN = 2;
const LOSS = GAIN + SMOOTHING_SLOTS;

class RsiKernel implements Kernel {
  readonly slots = LOSS + SMOOTHING_SLOTS;
  readonly windows = [];
  readonly #period: number;

  constructor(size: number) {
    this.#period = size;
  }

  step(state: Float64Array, price: number, _input: IndicatorInput, out: number[]): boolean {
    const started = slot(state, STARTED) === 1;
    const change = price - slot(state, PREVIOUS);
    state[PREVIOUS] = price;
    if (!started) {
      state[STARTED] = 1;
      return false;
    }
    const gain = smoothWilder(state, GAIN, this.#period, change > 0 ? change : 0);
    const loss = smoothWilder(state, LOSS, this.#period, change < 0 ? -change : 0);
    const total = gain + loss;
    out[0] = total === 0 ? 0 : 100 * (gain / total);
    return !Number.isNaN(total);
  }
}

export const rsi: IndicatorDefinition = {
  name: 'rsi',
  title: 'Relative strength index',
  formula:
    '100 · gain / (gain + loss), where gain and loss are the upward and downward changes smoothed by Wilder, starting as ' +
    'the plain averages of the first `period` changes (TA-Lib RSI; Wilder 1978). 0 while no price has ever changed, ' +
    'as in TA-Lib; other sources say 50.',
  revision: 1,
  parameters: [period('period', 2)],
  defaultSource: 'close',
  reads: ['source'],
  outputs: ['rsi'],
  memory: () => 'series',
  examples: ['rsi(14)', 'rsi(2)', 'rsi(5,hlc3)'],
  lookback: (parameters) => numberAt(parameters, 0),
  create: (parameters) => new RsiKernel(numberAt(parameters, 0)),
};
