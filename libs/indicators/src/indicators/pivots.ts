import type { IndicatorDefinition, ParameterValue } from '../definition.ts';
import { nextOfSession, SESSION_SLOTS, sessionRange, type SessionRange } from '../session-range.ts';

/** The pivot and the distances of three levels above and below it. */
interface Levels {
  readonly pivot: number;
  readonly above: readonly [number, number, number];
  readonly below: readonly [number, number, number];
}

function classic({ high, low, close }: SessionRange): Levels {
  const pivot = (high + low + close) / 3;
  const range = high - low;
  return {
    pivot,
    above: [2 * pivot - low, pivot + range, high + 2 * (pivot - low)],
    below: [2 * pivot - high, pivot - range, low - 2 * (high - pivot)],
  };
}

function fibonacci({ high, low, close }: SessionRange): Levels {
  const pivot = (high + low + close) / 3;
  const range = high - low;
  return {
    pivot,
    above: [pivot + 0.382 * range, pivot + 0.618 * range, pivot + range],
    below: [pivot - 0.382 * range, pivot - 0.618 * range, pivot - range],
  };
}

function woodie({ high, low, open }: SessionRange): Levels {
  const pivot = (high + low + 2 * open) / 4;
  const range = high - low;
  return {
    pivot,
    above: [2 * pivot - low, pivot + range, high + 2 * (pivot - low)],
    below: [2 * pivot - high, pivot - range, low - 2 * (high - pivot)],
  };
}

function levelsOf(parameters: readonly ParameterValue[]): (range: SessionRange) => Levels {
  const [method] = parameters;
  if (method === 'fibonacci') return fibonacci;
  return method === 'woodie' ? woodie : classic;
}

export const pivots: IndicatorDefinition = {
  name: 'pivots',
  title: 'Pivot points',
  formula:
    'Of high, low and close of the session before, the same for every bar of a session. p = (high + low + close) / 3; `classic`: r1 = 2p − low, s1 = 2p − high, r2 and s2 = p ± range, r3 = high + 2(p − low), s3 = low − 2(high − p), ' +
    'range being high − low; `fibonacci`: p ± 0.382, 0.618 and 1 of the range; `woodie`: as classic with p = (high + low + 2 · open of the running session) / 4 (as in stock-indicators and TradingView). ' +
    'Not defined in the first session; where a session had no range all levels are its price, but for the pull of the open on `woodie`. Camarilla: see `camarilla`.',
  revision: 1,
  parameters: [{ kind: 'choice', name: 'method', choices: ['classic', 'fibonacci', 'woodie'] }],
  defaultSource: null,
  reads: ['open', 'high', 'low', 'close'],
  outputs: ['p', 'r1', 'r2', 'r3', 's1', 's2', 's3'],
  memory: () => 'session',
  sessions: () => 1,
  examples: ['pivots(classic)', 'pivots(fibonacci)', 'pivots(woodie)'],
  lookback: () => 0,
  create: (parameters) => {
    const levels = levelsOf(parameters);
    return {
      slots: SESSION_SLOTS,
      windows: [],
      run(state, rows, out, from, to) {
        const { count } = rows;
        for (let row = from; row < to; row += 1) {
          if (!nextOfSession(state, rows, row)) continue;
          const { pivot, above, below } = levels(sessionRange(state));
          out[row] = pivot;
          for (const [index, level] of above.entries()) out[row + (1 + index) * count] = level;
          for (const [index, level] of below.entries()) out[row + (4 + index) * count] = level;
        }
      },
    };
  },
};
