import type { CheckedField, IndicatorSpec } from './definition.ts';
import { IndicatorError } from './errors.ts';
import { isSessionDate, readSource, type IndicatorInput, type PriceSource } from './input.ts';

/** Beyond it squares and sums of squares would overflow; no price or volume comes near. */
export const MAX_MAGNITUDE = 1e100;

/** Checks all that the kernels will read of an input, before anything changes. */
export class Admission {
  readonly #id: string;
  /** Of the innermost indicator. */
  readonly #source: PriceSource | null;
  /** Most indicators read the close alone: they must not pay for the others. */
  readonly readsCloseOnly: boolean;
  readonly #others: readonly PriceSource[];
  readonly #readsOpen: boolean;
  readonly #readsHigh: boolean;
  readonly #readsLow: boolean;
  readonly #readsClose: boolean;
  readonly #readsVolume: boolean;
  readonly #readsSession: boolean;

  constructor(spec: IndicatorSpec, chain: readonly IndicatorSpec[]) {
    const reads = (field: CheckedField): boolean =>
      chain.some(({ definition }) => definition.reads.includes(field));
    this.#id = spec.id;
    this.#source = chain[0]?.source ?? null;
    this.#others = chain.flatMap(({ definition, parameters }) => definition.otherSource?.(parameters) ?? []);
    this.#readsOpen = reads('open');
    this.#readsHigh = reads('high');
    this.#readsLow = reads('low');
    this.#readsClose = reads('close');
    this.#readsVolume = reads('volume');
    this.#readsSession = spec.needsSession;
    const readsMore = chain.some(({ definition }) => definition.reads.some((field) => field !== 'source'));
    const readsDay = chain.some(({ definition, parameters }) => definition.memory(parameters) === 'utc-day');
    this.readsCloseOnly =
      this.#source === 'close' && !readsMore && !readsDay && this.#others.length === 0 && !this.#readsSession;
  }

  /** @throws IndicatorError naming the number that cannot be used. */
  check(input: IndicatorInput): void {
    if (this.#source !== null) this.#finite(this.#source, readSource(input, this.#source));
    for (const other of this.#others) this.#finite(other, readSource(input, other));
    if (this.#readsOpen) this.#finite('open', input.open);
    if (this.#readsHigh) this.#finite('high', input.high);
    if (this.#readsLow) this.#finite('low', input.low);
    if (this.#readsClose) this.#finite('close', input.close);
    if (this.#readsVolume) this.#volume(input.volume);
    if (this.#readsSession) this.#session(input.sessionDate);
  }

  #volume(volume: number): void {
    this.#finite('volume', volume);
    if (volume < 0) {
      throw new IndicatorError(
        'indicator-negative-volume',
        `${this.#id}: volume ${volume} is negative; inputs must be validated before they get here`,
      );
    }
  }

  #session(date: number | undefined): void {
    if (isSessionDate(date)) return;
    throw new IndicatorError(
      'indicator-no-session',
      `${this.#id}: sessionDate is ${date}, the date of the session is needed as yyyymmdd; give the instrument a calendar`,
    );
  }

  #finite(field: string, value: number): void {
    if (Math.abs(value) <= MAX_MAGNITUDE) return;
    throw new IndicatorError(
      'indicator-input-not-finite',
      `${this.#id}: ${field} is ${value}, a finite number up to 1e100 is needed; inputs must be validated before they get here`,
    );
  }
}
