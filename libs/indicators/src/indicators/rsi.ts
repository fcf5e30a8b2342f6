import { numberAt, period, type IndicatorDefinition } from '../definition.ts';
import { RelativeStrength } from '../relative-strength.ts';

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
  create: (parameters) => {
    const strength = new RelativeStrength(numberAt(parameters, 0));
    return {
      slots: RelativeStrength.slots,
      windows: [],
      run(state, { price }, out, from, to) {
        strength.run(state, price, out, from, to);
      },
    };
  },
};
