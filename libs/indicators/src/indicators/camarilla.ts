import type { IndicatorDefinition } from '../definition.ts';
import { nextOfSession, SESSION_SLOTS, sessionRange } from '../session-range.ts';

/** Parts of 1.1 times the range by which the levels are away from the close. */
const DIVISORS = [12, 6, 4, 2] as const;

export const camarilla: IndicatorDefinition = {
  name: 'camarilla',
  title: 'Camarilla pivot points',
  formula:
    'Of high, low and close of the session before, the same for every bar of a session: r1 to r4 and s1 to s4 = close ± 1.1 · (high − low) / 12, / 6, / 4 and / 2; p = (high + low + close) / 3 ' +
    '(N. Scott, 1989; as in stock-indicators and TradingView, of which stock-indicators takes the close for p). Not defined in the first session; where a session had no range all levels are its price.',
  revision: 1,
  parameters: [],
  defaultSource: null,
  reads: ['open', 'high', 'low', 'close'],
  outputs: ['p', 'r1', 'r2', 'r3', 'r4', 's1', 's2', 's3', 's4'],
  memory: () => 'session',
  sessions: () => 1,
  examples: ['camarilla()'],
  lookback: () => 0,
  create: () => ({
    slots: SESSION_SLOTS,
    windows: [],
    run(state, rows, out, from, to) {
      const { count } = rows;
      for (let row = from; row < to; row += 1) {
        if (!nextOfSession(state, rows, row)) continue;
        const { high, low, close } = sessionRange(state);
        out[row] = (high + low + close) / 3;
        for (const [index, divisor] of DIVISORS.entries()) {
          const distance = (1.1 * (high - low)) / divisor;
          out[row + (1 + index) * count] = close + distance;
          out[row + (5 + index) * count] = close - distance;
        }
      }
    },
  }),
};
