import { intervalEndNs, type Interval } from '@tickwell/domain';
import {
  barInput,
  createIndicator,
  isUsableInput,
  takeInput,
  type Indicator,
  type IndicatorInput,
  type IndicatorSpec,
} from '@tickwell/indicators';
import type { SeriesChunk } from './read-bars.ts';

/** The bars of another series, read beside those of the own one: what has been passed is gone. */
abstract class OtherSeries {
  /** Of the bars passed so far the greatest known-at. */
  knownAtNs = 0n;
  readonly #chunks: AsyncIterator<SeriesChunk>;
  #chunk: SeriesChunk | undefined;
  #row = 0;
  #hasEnded = false;

  constructor(chunks: AsyncIterable<SeriesChunk>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Goes on up to a time of the own series; undefined: it is there without waiting. */
  seek(timeNs: bigint): Promise<void> | undefined {
    return this.#pass(timeNs) ? undefined : this.#read(timeNs);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Whether a bar comes before the time. */
  protected abstract isPassed(startNs: bigint, timeNs: bigint): boolean;
  /** Takes the next bar. */
  protected abstract pass(input: IndicatorInput): void;

  async #read(timeNs: bigint): Promise<void> {
    while (!this.#pass(timeNs)) {
      const next = await this.#chunks.next();
      this.#row = 0;
      this.#hasEnded = next.done === true;
      this.#chunk = next.done === true ? undefined : next.value;
    }
  }

  /** False: more has to be read. */
  #pass(timeNs: bigint): boolean {
    const { bars, knownNs } = this.#chunk ?? { bars: undefined, knownNs: [] };
    for (; bars !== undefined && this.#row < bars.startNs.length; this.#row += 1) {
      const input = barInput(bars, this.#row);
      if (!this.isPassed(input.startNs, timeNs)) return true;
      const known = knownNs[this.#row] ?? 0n;
      if (known > this.knownAtNs) this.knownAtNs = known;
      if (isUsableInput(input)) this.pass(input);
    }
    return this.#hasEnded;
  }
}

/** Another instrument's bars of the same interval. */
export class OtherInstrument extends OtherSeries {
  #last: IndicatorInput | undefined;

  /** Its bar of this start, after {@link seek} to it. */
  at(startNs: bigint): IndicatorInput | undefined {
    return this.#last?.startNs === startNs ? this.#last : undefined;
  }

  protected override isPassed(startNs: bigint, timeNs: bigint): boolean {
    return startNs <= timeNs;
  }

  protected override pass(input: IndicatorInput): void {
    this.#last = input;
  }
}

/** Indicators of the own instrument's bars of another interval: at any time those of bars that were over by then. */
export class OtherInterval extends OtherSeries {
  readonly indicators: readonly Indicator[];
  readonly #interval: Interval;

  constructor(chunks: AsyncIterable<SeriesChunk>, interval: Interval, specs: readonly IndicatorSpec[]) {
    super(chunks);
    this.#interval = interval;
    this.indicators = specs.map((spec) => createIndicator(spec));
  }

  protected override isPassed(startNs: bigint, timeNs: bigint): boolean {
    return intervalEndNs(this.#interval, startNs) <= timeNs;
  }

  protected override pass(input: IndicatorInput): void {
    for (const indicator of this.indicators) takeInput(() => indicator.advance(input));
  }
}
