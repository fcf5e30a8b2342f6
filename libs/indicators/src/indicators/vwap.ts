import type { IndicatorDefinition, Kernel, Memory, ParameterValue } from '../definition.ts';
import { slot } from '../definition.ts';
import { at, type Rows } from '../rows.ts';

/** Each sum takes two slots: the sum and what its roundings lost (Neumaier's compensated sum, ZAMM 54, 1974). */
const VALUE = 0;
const VOLUME = 2;
/** Of which day the sums are: days since the epoch, or a session's date; only while there has been an input. */
const DAY = 4;
const STARTED = 5;

function addCompensated(state: Float64Array, first: number, value: number): void {
  const sum = slot(state, first);
  const next = sum + value;
  const lost = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  state[first] = next;
  state[first + 1] = slot(state, first + 1) + lost;
}

type Anchor = 'none' | 'utc-day' | 'session';

class VwapKernel implements Kernel {
  readonly slots = STARTED + 1;
  readonly windows = [];
  readonly #isDaily: boolean;

  constructor(isDaily: boolean) {
    this.#isDaily = isDaily;
  }

  run(state: Float64Array, rows: Rows, out: Float64Array, from: number, to: number): void {
    for (let row = from; row < to; row += 1) {
      if (this.#isDaily) enterDay(state, at(rows.day, row));
      const traded = at(rows.volume, row);
      addCompensated(state, VALUE, at(rows.price, row) * traded);
      addCompensated(state, VOLUME, traded);
      const volume = slot(state, VOLUME) + slot(state, VOLUME + 1);
      if (volume !== 0) out[row] = (slot(state, VALUE) + slot(state, VALUE + 1)) / volume;
    }
  }
}

function enterDay(state: Float64Array, day: number): void {
  if (slot(state, STARTED) === 1 && slot(state, DAY) === day) return;
  state.fill(0, VALUE, DAY);
  state[DAY] = day;
  state[STARTED] = 1;
}

function anchorOf(parameters: readonly ParameterValue[]): Anchor {
  const [anchor] = parameters;
  return anchor === 'utc-day' || anchor === 'session' ? anchor : 'none';
}

const MEMORIES: Readonly<Record<Anchor, Memory>> = {
  none: 'series',
  session: 'session',
  'utc-day': 'utc-day',
};

export const vwap: IndicatorDefinition = {
  name: 'vwap',
  title: 'Volume-weighted average price',
  formula:
    'Σ price · volume / Σ volume since the anchor: the first input (`none`), or the first of each trading session (`session`) or UTC day (`utc-day`) (Berkowitz, ' +
    "Logue and Noser, Journal of Finance 43, 1988). The price is the bar's own VWAP where it carries one, else its typical price; name " +
    'another source to change that. Not defined while no volume has come since the anchor; inputs without volume repeat the value. ' +
    'TA-Lib has no VWAP.',
  revision: 1,
  parameters: [{ kind: 'choice', name: 'anchor', choices: ['none', 'session', 'utc-day'] }],
  defaultSource: 'vwap',
  reads: ['source', 'volume'],
  outputs: ['vwap'],
  memory: (parameters) => MEMORIES[anchorOf(parameters)],
  examples: ['vwap(session)', 'vwap(none)', 'vwap(utc-day,hlc3)', 'vwap(session,close)'],
  lookback: () => 0,
  create: (parameters) => new VwapKernel(anchorOf(parameters) !== 'none'),
};
