import { TickwellError, formatNs, type BarColumns, type PriceType } from '@tickwell/domain';
import {
  barInput,
  IndicatorSeries,
  isUsableInput,
  type IndicatorSpec,
  type SeriesBar,
  type SpecRows,
} from '@tickwell/indicators';
import type { IndicatorBudget } from './indicator-budget.ts';

/** How far back, in bars, a correction brings revised values. */
const KEPT_BARS = 128;

export interface SeriesName {
  readonly symbol: string;
  readonly source: string;
  readonly interval: string;
  readonly priceType: PriceType;
}

export function seriesKey({ symbol, source, interval, priceType }: SeriesName): string {
  return [symbol, source, interval, priceType].join('\n');
}

/** Bars that indicators can use; each became known at its own time, or all at one. */
export function usableBars(bars: BarColumns, knownAtNs: bigint | readonly bigint[]): SeriesBar[] {
  return bars.startNs.flatMap((_startNs, row) => {
    const input = barInput(bars, row);
    const known = typeof knownAtNs === 'bigint' ? knownAtNs : (knownAtNs[row] ?? 0n);
    return isUsableInput(input) ? [{ ...input, knownAtNs: known }] : [];
  });
}

/** One specification over one series of bars, with its corrections. */
export class FollowedSpec {
  readonly spec: IndicatorSpec;
  readonly #series = new IndicatorSeries(KEPT_BARS);

  constructor(spec: IndicatorSpec) {
    this.spec = spec;
    this.#series.configure([spec]);
  }

  /** What is new or changed; rejects with `correction-too-old` where a bar is older than what revisions are made of. */
  take(name: SeriesName, bars: readonly SeriesBar[]): SpecRows {
    const { rows, tooOld } = this.#series.apply(bars);
    const [oldest] = tooOld;
    if (oldest !== undefined) throw tooOldError(name, oldest);
    return rows[0] ?? { spec: this.spec, rows: [] };
  }
}

function tooOldError({ symbol, source, interval }: SeriesName, startNs: bigint): TickwellError {
  return new TickwellError(
    'correction-too-old',
    `a ${interval} bar of ${symbol} (${source}) from ${formatNs(startNs)} came or was corrected, older than the ${KEPT_BARS} bars that values are revised for: subscribe again with since_ns, values may be others from there on`,
  );
}

/** Specifications over all series of a subscriber, until they are followed together with those of others. */
export class SeriesValues {
  readonly bySeries = new Map<
    string,
    { readonly name: SeriesName; readonly specs: readonly FollowedSpec[] }
  >();
  readonly #specs: readonly IndicatorSpec[];
  readonly #budget: IndicatorBudget;
  #taken = 0;

  constructor(specs: readonly IndicatorSpec[], budget: IndicatorBudget) {
    this.#specs = specs;
    this.#budget = budget;
  }

  /** Takes bars of a series in the order of the log, and begins it where it is new. */
  take(name: SeriesName, bars: readonly SeriesBar[]): readonly SpecRows[] {
    const key = seriesKey(name);
    let followed = this.bySeries.get(key);
    if (followed === undefined) {
      this.#budget.take(this.#specs.length);
      this.#taken += this.#specs.length;
      followed = { name, specs: this.#specs.map((spec) => new FollowedSpec(spec)) };
      this.bySeries.set(key, followed);
    }
    return followed.specs.map((one) => one.take(name, bars));
  }

  /** Gives back what it took of the budget. */
  release(): void {
    this.#budget.release(this.#taken);
    this.#taken = 0;
    this.bySeries.clear();
  }
}
