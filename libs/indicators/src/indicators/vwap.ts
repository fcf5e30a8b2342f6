import type { IndicatorDefinition, Kernel, Memory, ParameterValue } from '../definition.ts';
import { slot } from '../definition.ts';
import type { IndicatorInput } from '../input.ts';

const DAY_NS = 86_400_000_000_000n;

/** Each sum takes two slots: the sum and what its roundings lost (Neumaier's compensated sum, ZAMM 54, 1974). */
const VALUE = 0;
const VOLUME = 2;
/** Of which day the sums are: days since the epoch, or a session's date; only while there has been an input. */
const DAY = 4;
const STARTED = 5;

function addCompensated(state: Float64Array, at: number, value: number): void {
  const sum = slot(state, at);
  const next = sum + value;
  const lost = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  state[at] = next;
  state[at + 1] = slot(state, at + 1) + lost;
}

type Anchor = 'none' | 'utc-day' | 'session';

class VwapKernel implements Kernel {
  readonly slots = STARTED + 1;
  readonly windows = [];
  readonly #anchor: Anchor;
  /** The day last asked for, from its first nanosecond to the next day's: dividing a bigint per input would cost more than all the rest. */
  #fromNs = 0n;
  #toNs = 0n;
  #day = 0;

  constructor(anchor: Anchor) {
    this.#anchor = anchor;
  }

  step(state: Float64Array, price: number, input: IndicatorInput, out: number[]): boolean {
    if (this.#anchor === 'utc-day') enterDay(state, this.#dayOf(input.startNs));
    else if (this.#anchor === 'session') enterDay(state, input.sessionDate ?? NaN);
    addCompensated(state, VALUE, price * input.volume);
    addCompensated(state, VOLUME, input.volume);
    const volume = slot(state, VOLUME) + slot(state, VOLUME + 1);
    if (volume === 0) return false;
    out[0] = (slot(state, VALUE) + slot(state, VALUE + 1)) / volume;
    return true;
  }

  #dayOf(startNs: bigint): number {
    if (startNs < this.#fromNs || startNs >= this.#toNs) {
      const intoDay = ((startNs % DAY_NS) + DAY_NS) % DAY_NS;
      this.#fromNs = startNs - intoDay;
      this.#toNs = this.#fromNs + DAY_NS;
      this.#day = Number(this.#fromNs / DAY_NS);
    }
    return this.#day;
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
  create: (parameters) => new VwapKernel(anchorOf(parameters)),
};
