import { slot } from './definition.ts';
import { at, type Rows } from './rows.ts';

const DATE = 0;
/** Sessions that have begun, up to 2. */
const BEGUN = 1;
const OPEN = 2;
const HIGH = 3;
const LOW = 4;
const CLOSE = 5;
const PREVIOUS_HIGH = 6;
const PREVIOUS_LOW = 7;
const PREVIOUS_CLOSE = 8;

/** Slots of {@link nextOfSession}, from 0 on. */
export const SESSION_SLOTS = 9;

/** High, low and close of the session before, and the open of the one that is running. */
export interface SessionRange {
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly open: number;
}

/** Takes a bar; whether there has been a whole session before its own. */
export function nextOfSession(state: Float64Array, rows: Rows, row: number): boolean {
  const begun = slot(state, BEGUN);
  if (begun === 0 || slot(state, DATE) !== at(rows.day, row)) {
    state[DATE] = at(rows.day, row);
    state[BEGUN] = Math.min(begun + 1, 2);
    state[PREVIOUS_HIGH] = slot(state, HIGH);
    state[PREVIOUS_LOW] = slot(state, LOW);
    state[PREVIOUS_CLOSE] = slot(state, CLOSE);
    state[OPEN] = at(rows.open, row);
    state[HIGH] = at(rows.high, row);
    state[LOW] = at(rows.low, row);
  }
  state[HIGH] = Math.max(slot(state, HIGH), at(rows.high, row));
  state[LOW] = Math.min(slot(state, LOW), at(rows.low, row));
  state[CLOSE] = at(rows.close, row);
  return slot(state, BEGUN) === 2;
}

export function sessionRange(state: Float64Array): SessionRange {
  return {
    high: slot(state, PREVIOUS_HIGH),
    low: slot(state, PREVIOUS_LOW),
    close: slot(state, PREVIOUS_CLOSE),
    open: slot(state, OPEN),
  };
}
