import type { IndicatorDefinition } from '@tickwell/indicators'; // a type only: the file may lie anywhere

/** What it remembers beside its windows, by place in `state`. */
const STARTED = 0;
const PREVIOUS_CLOSE = 1;

/** E. W. Dreiss' choppiness index: 100 where prices go nowhere, 0 in a straight line. */
export default {
  name: 'choppiness',
  title: 'Choppiness index',
  formula:
    '100 · log10(Σ true range / (highest high − lowest low)) / log10(period) of the last `period` bars, the first bar of all without one before it; 100 where prices do not move ' +
    '(E. W. Dreiss, 1993).',
  revision: 1,
  parameters: [{ kind: 'integer', name: 'period', min: 2, max: 1_000 }],
  defaultSource: null,
  reads: ['high', 'low', 'close'],
  outputs: ['choppiness'],
  examples: ['choppiness(14)', 'choppiness(2)'],
  lookback: ([period]) => Number(period),
  memory: () => 'window',
  create: ([given], tools) => {
    const period = Number(given);
    const highs = tools.window(period);
    const lows = tools.window(period);
    const ranges = tools.window(period);
    return {
      slots: 2,
      windows: [highs, lows, ranges],
      run(state, rows, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const high = rows.high[row] ?? NaN;
          const low = rows.low[row] ?? NaN;
          const started = state[STARTED] === 1;
          const before = state[PREVIOUS_CLOSE] ?? NaN;
          state[STARTED] = 1;
          state[PREVIOUS_CLOSE] = rows.close[row] ?? NaN;
          if (!started) continue;
          highs.push(high);
          lows.push(low);
          ranges.push(Math.max(high, before) - Math.min(low, before));
          if (!ranges.full) continue;
          let sum = 0;
          let most = -Infinity;
          let least = Infinity;
          // A window's numbers are data[end - size] … data[end - 1], the oldest first.
          for (let age = period; age > 0; age -= 1) {
            sum += ranges.data[ranges.end - age] ?? NaN;
            most = Math.max(most, highs.data[highs.end - age] ?? NaN);
            least = Math.min(least, lows.data[lows.end - age] ?? NaN);
          }
          out[row] = most === least ? 100 : (100 * Math.log10(sum / (most - least))) / Math.log10(period);
        }
      },
    };
  },
} satisfies IndicatorDefinition;
