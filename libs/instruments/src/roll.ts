import { err, ok, utcDateNumber, type BarColumns, type Result } from '@tickwell/domain';
import { sessionDateText, type SessionDate } from '@tickwell/calendar';
import type { Adjustment } from './continuous-spec.ts';

/** A contract is used from `from` (undefined: from its first bar) up to, not including, `to` (undefined: to its last bar). */
export interface RollPiece {
  readonly id: string;
  readonly from: SessionDate | undefined;
  readonly to: SessionDate | undefined;
}

/** The contract `to` takes over from the contract `from` with the session `on`. */
export interface Roll {
  readonly from: string;
  readonly to: string;
  readonly on: SessionDate;
}

type Bars = Pick<BarColumns, 'startNs' | 'sessionDate'>;

/** Of intraday bars without session dates: their day in UTC. */
function sessionOf(bars: Bars, index: number): SessionDate {
  return bars.sessionDate[index] ?? utcDateNumber(bars.startNs[index] ?? 0n);
}

/** Whether a bar is one of those for which the contract is used. */
export function inPiece({ from, to }: RollPiece, bars: Bars, index: number): boolean {
  const date = sessionOf(bars, index);
  return (from === undefined || date >= from) && (to === undefined || date < to);
}

/** The last close of every session before a date. Bars are added in order of time. */
export class SessionCloses {
  readonly #before: SessionDate;
  readonly #closes = new Map<SessionDate, number>();

  constructor(before: SessionDate) {
    this.#before = before;
  }

  get isEmpty(): boolean {
    return this.#closes.size === 0;
  }

  add(bars: Bars & Pick<BarColumns, 'close'>): void {
    for (const [index, close] of bars.close.entries()) {
      const date = sessionOf(bars, index);
      if (date < this.#before) this.#closes.set(date, close);
    }
  }

  /** The closes of the last session that both have. */
  common(other: SessionCloses): readonly [own: number, others: number] | undefined {
    const date = [...this.#closes.keys()].findLast((one) => other.#closes.has(one));
    if (date === undefined) return undefined;
    return [this.#closes.get(date) ?? Number.NaN, other.#closes.get(date) ?? Number.NaN];
  }
}

/** What a contract traded in each session. */
export class SessionVolumes {
  readonly #daily = new Map<SessionDate, number>();
  #isComplete = true;

  add(bars: Bars & Pick<BarColumns, 'volume'>): void {
    for (const index of bars.startNs.keys()) {
      const volume = bars.volume[index] ?? Number.NaN;
      if (Number.isNaN(volume)) this.#isComplete = false;
      const date = sessionOf(bars, index);
      this.#daily.set(date, (this.#daily.get(date) ?? 0) + volume);
    }
  }

  /** Every bar had a volume. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get daily(): ReadonlyMap<SessionDate, number> {
    return this.#daily;
  }
}

/**
 * What a roll does to everything before it: added (`difference`) or multiplied (`ratio`), at the close of the last session before it that has bars
 * of both contracts. Refused, with the roll named, where there is none, or a ratio of prices that are not above 0.
 */
export function rollAmount(
  { from, to, on }: Roll,
  closes: { readonly before: SessionCloses; readonly after: SessionCloses },
  adjustment: Adjustment,
): Result<number, string> {
  if (adjustment === 'none') return ok(0);
  const name = `the roll from ${from} to ${to} on ${sessionDateText(on)}`;
  const common = closes.before.common(closes.after);
  if (common === undefined)
    return err(
      `${name}: no session before it has bars of both, so their prices cannot be compared: use adjustment none`,
    );
  const [before, after] = common;
  if (adjustment === 'difference') return ok(after - before);
  if (before > 0 && after > 0) return ok(after / before);
  return err(`${name}: closes of ${before} and ${after} have no ratio: use adjustment difference`);
}

/** What the rolls after a bar make of its prices. */
export function adjuster(later: readonly number[], adjustment: Adjustment): (price: number) => number {
  if (adjustment === 'difference') {
    const sum = later.reduce((total, amount) => total + amount, 0);
    return (price) => price + sum;
  }
  if (adjustment === 'ratio') {
    const product = later.reduce((total, amount) => total * amount, 1);
    return (price) => price * product;
  }
  return (price) => price;
}
