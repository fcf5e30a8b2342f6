import { SlidingMean } from '../average.ts';
import { numberAt, period, slot, type IndicatorDefinition } from '../definition.ts';
import { trueRange } from '../true-range.ts';
import { at } from '../rows.ts';

const STARTED = 0;
const PREVIOUS_CLOSE = 1;
const MEANS = 2;
/** Of the shortest, the middle and the longest period. */
const WEIGHTS = [4, 2, 1] as const;

/** Buying pressure over true range of one period, from their means over it. */
class PressureShare {
  static readonly slots = 2 * SlidingMean.slots;
  readonly pressure: SlidingMean;
  readonly range: SlidingMean;

  constructor(size: number, at: number) {
    this.pressure = new SlidingMean(size, at);
    this.range = new SlidingMean(size, at + SlidingMean.slots);
  }

  /** NaN until the period is full; 0 where nothing has moved. */
  next(state: Float64Array, pressure: number, range: number): number {
    const mean = this.pressure.next(state, pressure);
    const ranges = this.range.next(state, range);
    return ranges === 0 ? 0 : mean / ranges;
  }
}

export const ultosc: IndicatorDefinition = {
  name: 'ultosc',
  title: 'Ultimate oscillator',
  formula:
    '100 · (4 · s₁ + 2 · s₂ + s₃) / 7, where s is Σ (close − true low) / Σ true range over the short, the middle and the long period, true low = min(low, ' +
    'previous close); 0 where the range is 0 (TA-Lib ULTOSC; L. Williams, Stocks & Commodities 3, 1985). TA-Lib sorts the periods, we refuse them unsorted.',
  revision: 1,
  parameters: [period('short'), period('middle'), period('long')],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['ultosc'],
  memory: () => 'window',
  examples: ['ultosc(7,14,28)', 'ultosc(1,1,1)', 'ultosc(2,3,5)'],
  lookback: (parameters) => numberAt(parameters, 2),
  check: (parameters) =>
    numberAt(parameters, 0) <= numberAt(parameters, 1) && numberAt(parameters, 1) <= numberAt(parameters, 2)
      ? null
      : 'short must not be more than middle, and middle not more than long',
  create: (parameters) => {
    const shares = WEIGHTS.map(
      (_weight, index) => new PressureShare(numberAt(parameters, index), MEANS + index * PressureShare.slots),
    );
    return {
      slots: MEANS + shares.length * PressureShare.slots,
      windows: shares.flatMap(({ pressure, range }) => [pressure.window, range.window]),
      run(state, rows, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const close = at(rows.close, row);
          const low = at(rows.low, row);
          const started = slot(state, STARTED) === 1;
          const previous = slot(state, PREVIOUS_CLOSE);
          state[STARTED] = 1;
          state[PREVIOUS_CLOSE] = close;
          if (!started) continue;
          const range = trueRange(at(rows.high, row), low, previous);
          const pressure = close - Math.min(low, previous);
          let sum = 0;
          for (let index = 0; index < shares.length; index += 1) {
            sum += (WEIGHTS[index] ?? NaN) * (shares[index]?.next(state, pressure, range) ?? NaN);
          }
          out[row] = 100 * (sum / 7);
        }
      },
    };
  },
};
