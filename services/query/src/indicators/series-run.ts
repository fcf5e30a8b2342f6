import type { BarColumns, Result } from '@tickwell/domain';
import {
  barInput,
  createIndicator,
  isUsableInput,
  takeInput,
  type Indicator,
  type IndicatorSpec,
} from '@tickwell/indicators';

/** The date of a bar's session by its start; an error where there is none. */
export type SessionOf = (startNs: bigint) => Result<number, string>;

/** Several indicators over the bars of one series, bar by bar from its first one on. */
export class SeriesRun {
  readonly indicators: readonly Indicator[];
  readonly #sessionOf: SessionOf | undefined;
  /** Start of the first bar that it saw. */
  anchorNs: bigint | undefined;
  /** Of the bars so far the greatest known-at. */
  knownAtNs = 0n;
  usableBars = 0;
  unusableBars = 0;

  constructor(specs: readonly IndicatorSpec[], sessionOf: SessionOf | undefined) {
    this.indicators = specs.map((spec) => createIndicator(spec));
    this.#sessionOf = sessionOf;
  }

  /** Takes the next bar; false: it has a number that no indicator can use, and no values. */
  take(bars: BarColumns, row: number, knownNs: bigint): Result<boolean, string> {
    const input = barInput(bars, row);
    this.anchorNs ??= input.startNs;
    if (knownNs > this.knownAtNs) this.knownAtNs = knownNs;
    if (!isUsableInput(input)) {
      this.unusableBars += 1;
      return { ok: true, value: false };
    }
    const session = this.#sessionOf?.(input.startNs);
    if (session?.ok === false) return session;
    const dated = session === undefined ? input : { ...input, sessionDate: session.value };
    // A user's kernel that throws has no value of the bar, as in the service; the others have theirs.
    for (const indicator of this.indicators) takeInput(() => indicator.advance(dated));
    this.usableBars += 1;
    return { ok: true, value: true };
  }
}
