import type { ClockState } from './market/clock-state.ts';
import type { PriceState } from './market/price-state.ts';

/**
 * What is kept of one series of one stream (say the trades of one symbol in one file): up to where it was read, the last
 * accepted event in a form that every kind shares, and what is usual of its prices.
 */
export interface StreamState {
  /** Position of the last event judged, whatever became of it; 0n: none. Events at or below are repeats of a resumed writer. */
  position: bigint;
  /** Whether an event has been accepted; the fields below describe the last one. */
  hasLast: boolean;
  timeNs: bigint;
  seq: bigint;
  /** Its values, as {@link Kind.remember} orders them. */
  readonly numbers: number[];
  readonly texts: string[];
  /** Of kinds with prices, from the first accepted one on. */
  prices: PriceState | undefined;
  /** Of kinds whose events are sent when they happen. */
  clock: ClockState | undefined;
}

export function createStream(): StreamState {
  return {
    position: 0n,
    hasLast: false,
    timeNs: 0n,
    seq: 0n,
    numbers: [],
    texts: [],
    prices: undefined,
    clock: undefined,
  };
}

/** Whether both remember the same values, bit for bit (NaN equals NaN, 0 is not -0). */
export function sameValues(a: StreamState, b: StreamState): boolean {
  return (
    a.numbers.length === b.numbers.length &&
    a.texts.length === b.texts.length &&
    a.numbers.every((value, index) => Object.is(value, b.numbers[index])) &&
    a.texts.every((value, index) => value === b.texts[index])
  );
}
