import type { PriceType } from '@tickwell/domain';
import type { IndicatorSpec } from '../definition.ts';
import { MAX_SPECS } from '../spec.ts';
import type { IndicatorSelection } from './document.ts';

/** What tells one series of bars from another. */
export interface BarSeriesName {
  readonly symbol: string;
  readonly source: string;
  readonly interval: string;
  readonly priceType: PriceType;
}

/**
 * Which indicators each series of bars has: everything that any selection says of it, in the order of the selections, each specification once,
 * {@link MAX_SPECS} at the most.
 */
export class IndicatorPlan {
  readonly #selections: readonly IndicatorSelection[];
  /** Places of the selections that are for all symbols, and of those that name one. */
  readonly #general: readonly number[];
  readonly #bySymbol = new Map<string, number[]>();
  /** Most series have the same: each such list is kept once. */
  readonly #lists = new Map<string, readonly IndicatorSpec[]>();

  constructor(selections: readonly IndicatorSelection[]) {
    this.#selections = selections;
    this.#general = [...selections.keys()].filter((at) => selections[at]?.symbols === undefined);
    for (const [at, { symbols }] of selections.entries()) {
      for (const symbol of symbols ?? []) {
        const places = this.#bySymbol.get(symbol) ?? [];
        places.push(at);
        this.#bySymbol.set(symbol, places);
      }
    }
  }

  /** Equal lists are one object, so that a reader can tell quickly that nothing has changed. */
  of(series: BarSeriesName): readonly IndicatorSpec[] {
    const named = this.#bySymbol.get(series.symbol) ?? [];
    const places = [...this.#general, ...named].sort((a, b) => a - b);
    const chosen = places.flatMap((at) => {
      const selection = this.#selections[at];
      return selection !== undefined && isFor(selection, series) ? [{ at, specs: selection.specs }] : [];
    });
    const key = chosen.map(({ at }) => at).join(',');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const specs = new Map<string, IndicatorSpec>();
    for (const spec of chosen.flatMap((selection) => selection.specs))
      if (!specs.has(spec.id)) specs.set(spec.id, spec);
    const list = Object.freeze([...specs.values()].slice(0, MAX_SPECS));
    this.#lists.set(key, list);
    return list;
  }
}

/** Whether a selection that may name the symbol is for the series. */
function isFor(selection: IndicatorSelection, series: BarSeriesName): boolean {
  return (
    selection.sources?.has(series.source) !== false &&
    selection.intervals?.has(series.interval) !== false &&
    selection.priceTypes?.has(series.priceType) !== false
  );
}
