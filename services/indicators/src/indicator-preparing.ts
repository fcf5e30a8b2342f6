import type { InputPlace, Output, Preparation, Preparing } from '@tickwell/flow';
import type { History } from './history.ts';
import { indicatorRecords } from './indicator-records.ts';
import type { SeriesEntry } from './series-entry.ts';
import { SeriesWarmUp } from './series-warm-up.ts';
import type { ServiceSettings } from './settings.ts';

/** Brings a series in line with settings that are new to it. */
export function configureSeries(symbol: string, entry: SeriesEntry, settings: ServiceSettings): void {
  if (entry.settings === settings) return;
  const { source, interval, priceType } = entry;
  const wanted = settings.indicators.of({ symbol, source, interval, priceType });
  entry.indicators.configure(wanted, settings.sessions.of(symbol, interval));
  entry.settings = settings;
}

/** Warms up what begins later, and computes anew what was corrected behind the bars that are kept: from the stored history of each series. */
export class IndicatorPreparing implements Preparing<SeriesEntry[], ServiceSettings> {
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  mayLack(state: SeriesEntry[]): boolean {
    return state.some(({ indicators }) => indicators.isLacking);
  }

  preparation(
    symbol: string,
    state: SeriesEntry[],
    settings: ServiceSettings,
  ): Preparation<SeriesEntry[]> | undefined {
    for (const entry of state) {
      configureSeries(symbol, entry, settings);
      if (!entry.indicators.isLacking) entry.warmUp = undefined;
      else if (entry.warmUp?.isOfUse !== true) entry.warmUp = this.#warmUp(symbol, entry);
    }
    const entries = state.filter(({ warmUp }) => warmUp !== undefined);
    return entries.length === 0 ? undefined : new WarmUps(entries);
  }

  unwritten(symbol: string, state: SeriesEntry[]): readonly Output[] {
    return state.flatMap((entry) => {
      const { source, interval, priceType, priceBasis, indicators } = entry;
      const header = { source, symbol, priceBasis, watermarkNs: 0n };
      return indicatorRecords(symbol, { header, interval, priceType }, indicators.unwritten);
    });
  }

  written(state: SeriesEntry[]): void {
    for (const { indicators } of state) indicators.written();
  }

  #warmUp(symbol: string, { indicators, source, interval, priceType }: SeriesEntry): SeriesWarmUp {
    return new SeriesWarmUp(indicators, { symbol, source, interval, priceType }, this.#history);
  }
}

/**
 * Those of one symbol, one after the other: reads of several symbols go on side by side anyway. A series whose history cannot be read keeps
 * the others from nothing; where none can be read, that is the failure.
 */
class WarmUps implements Preparation<SeriesEntry[]> {
  readonly #entries: readonly SeriesEntry[];
  readonly #failed = new Set<SeriesEntry>();

  constructor(entries: readonly SeriesEntry[]) {
    this.#entries = entries;
  }

  async catchUp(_state: SeriesEntry[], place: () => InputPlace, signal: AbortSignal): Promise<void> {
    let failure: unknown;
    for (const entry of this.#entries) {
      if (this.#failed.has(entry)) continue;
      try {
        await entry.warmUp?.catchUp(place, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        this.#failed.add(entry);
        failure = error;
      }
    }
    if (this.#failed.size === this.#entries.length) throw failure;
  }

  get isOfUse(): boolean {
    return this.#entries.some((entry) => !this.#failed.has(entry) && entry.warmUp?.isOfUse === true);
  }

  install(): void {
    for (const entry of this.#entries) if (!this.#failed.has(entry)) entry.warmUp?.install();
  }
}
