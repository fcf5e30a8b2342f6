import type { BarColumns, Result } from '@tickwell/domain';
import {
  barInput,
  createIndicator,
  isUsableInput,
  takeInput,
  takes,
  type Indicator,
  type IndicatorInput,
} from '@tickwell/indicators';
import type { OtherValues } from './other-values.ts';
import { withOthers, type AskedSeries } from './two-series-spec.ts';

/** The date of a bar's session by its start; an error where there is none, as outside of the calendar's years. */
export type SessionOf = (startNs: bigint) => Result<number, string>;

/** One specification at the bar that was taken last. */
export interface RunSlot {
  readonly asked: AskedSeries;
  readonly indicator: Indicator;
  /** False: the bar has no value of it. */
  hasValue: boolean;
  /** The greatest known-at of the bars that the value may depend on. */
  knownAtNs: bigint;
}

/** Several specifications over the bars of one series, bar by bar from its first one on. */
export class SeriesRun {
  readonly slots: readonly RunSlot[];
  readonly #others: OtherValues;
  readonly #sessionOf: SessionOf | undefined;
  /** Start of the first bar that it saw. */
  anchorNs: bigint | undefined;
  #knownAtNs = 0n;
  usableBars = 0;
  unusableBars = 0;

  constructor(asked: readonly AskedSeries[], others: OtherValues, sessionOf: SessionOf | undefined) {
    this.slots = asked.map((one) => ({
      asked: one,
      indicator: others.heldBy(one) ?? createIndicator(one.spec),
      hasValue: false,
      knownAtNs: 0n,
    }));
    this.#others = others;
    this.#sessionOf = sessionOf;
  }

  /** Takes the next bar; false: it has a number that no indicator can use, and no values. */
  take(bars: BarColumns, row: number, knownNs: bigint): boolean {
    const input = barInput(bars, row);
    this.anchorNs ??= input.startNs;
    if (knownNs > this.#knownAtNs) this.#knownAtNs = knownNs;
    if (!isUsableInput(input)) {
      this.unusableBars += 1;
      return false;
    }
    const session = this.#sessionOf?.(input.startNs);
    const dated = session?.ok === true ? { ...input, sessionDate: session.value } : input;
    for (const slot of this.slots) this.#advance(slot, dated);
    this.usableBars += 1;
    return true;
  }

  #advance(slot: RunSlot, own: IndicatorInput): void {
    const { asked, indicator } = slot;
    slot.hasValue = true;
    const otherNs = this.#others.knownAtNs(asked);
    slot.knownAtNs = otherNs > this.#knownAtNs ? otherNs : this.#knownAtNs;
    // What is of another interval has been advanced by the bars of that.
    if (asked.interval !== undefined) return;
    const input =
      asked.others.length === 0
        ? own
        : withOthers(own, asked.others, (symbol) => this.#others.barOf(symbol, own.startNs));
    // A bar in no session has no value of what goes by sessions, as in the service.
    slot.hasValue = input !== undefined && takes(asked.spec, input);
    // A user's kernel that throws has no value of the bar, as in the service; the others have theirs.
    if (input !== undefined && slot.hasValue) takeInput(() => indicator.advance(input));
  }
}
