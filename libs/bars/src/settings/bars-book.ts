import { calendar } from '@tickwell/calendar';
import type { PriceType } from '@tickwell/domain';
import type { BarPlan } from '../builder.ts';
import { utcGrid, type BarGrid } from '../grid.ts';
import { DEFAULT_SESSION_OPTIONS, sessionGrid } from '../session-grid.ts';
import type { BarSelection } from './document.ts';

const NS_PER_MS = 1_000_000n;
const NONE: readonly BarPlan[] = [];

/** A series of ticks: the trades of a source, or the side of its quotes that bars are built of. */
export interface TickSeries {
  readonly symbol: string;
  readonly source: string;
  readonly priceType: PriceType;
}

/** Which bars are built of which ticks, by all documents together. */
export class BarsBook {
  readonly #selections: readonly BarSelection[];
  readonly #calendarOf: (symbol: string) => string;
  /** By what is chosen, not by series: there are few. */
  readonly #plans = new Map<string, readonly BarPlan[]>();

  /** `calendarOf`: the calendar of an instrument; "": it has none. */
  constructor(selections: readonly BarSelection[], calendarOf: (symbol: string) => string) {
    this.#selections = selections;
    this.#calendarOf = calendarOf;
  }

  /**
   * The bars of a series; the same array for the same bars. Of two documents that want a bar of one length by one alignment the first counts. Bars by
   * sessions of an instrument without a calendar are none.
   */
  of({ symbol, source, priceType }: TickSeries): readonly BarPlan[] {
    const chosen: number[] = [];
    for (const [index, { symbols, sources, priceTypes }] of this.#selections.entries())
      if (priceTypes.has(priceType) && symbols?.has(symbol) !== false && sources?.has(source) !== false)
        chosen.push(index);
    if (chosen.length === 0) return NONE;
    const own = chosen.some((index) => this.#needsCalendar(index)) ? this.#calendarOf(symbol) : '';
    const key = `${chosen.join()} ${own}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plans = new Map<string, BarPlan>();
    for (const index of chosen) {
      const selection = this.#selections[index];
      for (const [id, plan] of selection === undefined ? [] : plansOf(selection, own))
        if (!plans.has(id)) plans.set(id, plan);
    }
    const made = [...plans.values()];
    this.#plans.set(key, made);
    return made;
  }

  #needsCalendar(index: number): boolean {
    const selection = this.#selections[index];
    return selection !== undefined && selection.alignment !== 'utc' && selection.calendar === '';
  }
}

/** Bars with a name of their own among those of a series. */
function plansOf(selection: BarSelection, own: string): readonly (readonly [string, BarPlan])[] {
  const { lengths, alignment, empty, formingMs, correctableBars } = selection;
  const name = selection.calendar === '' ? own : selection.calendar;
  const found = alignment === 'utc' ? undefined : calendar(name);
  if (found?.ok === false) return [];
  const options = {
    ...DEFAULT_SESSION_OPTIONS,
    hours: alignment === 'sessions' ? 'regular' : 'all',
  } as const;
  const common = {
    ...(formingMs === undefined ? {} : { formingStepNs: BigInt(formingMs) * NS_PER_MS }),
    ...(correctableBars === undefined ? {} : { retainedBars: correctableBars }),
  };
  return lengths.map((length): readonly [string, BarPlan] => {
    const gridOf = (interval: Parameters<typeof utcGrid>[0]): BarGrid =>
      found === undefined ? utcGrid(interval) : sessionGrid(interval, found.value, options);
    if (length.kind !== 'threshold') {
      const grid = gridOf(length);
      return [`${length.text} ${grid.id}`, { kind: 'time', grid, empty, ...common }];
    }
    const day = { text: '1d', kind: 'fixed', lengthNs: 86_400_000_000_000n } as const;
    const sessions = found === undefined ? undefined : gridOf(day);
    return [`${length.text} ${sessions?.id ?? ''}`, { kind: 'threshold', length, sessions, ...common }];
  });
}
