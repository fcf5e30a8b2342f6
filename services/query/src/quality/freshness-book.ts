import { TickwellError, type PriceType } from '@tickwell/domain';
import type { NewestEvent, QualityReader } from '@tickwell/ports';
import { timesOf } from '../market-events.ts';
import type { MarketRecord } from '../market-record.ts';

/** The newest event of a series, and the record that brought it. */
export interface BookEntry {
  readonly key: string;
  readonly symbol: string;
  readonly source: string;
  readonly kind: NewestEvent['kind'];
  readonly interval: string;
  readonly priceType: PriceType;
  eventNs: bigint;
  knownAtNs: bigint;
  epoch: string;
  offset: bigint;
  /** Seen in the log; else it was read from the store. */
  isLive: boolean;
}

export interface FreshnessBookParts {
  readonly reader: Pick<QualityReader, 'newestEvents'>;
  /** For this moment: tells later whether the store has caught up with what the tail had not seen. */
  readonly coverage: () => () => boolean;
  readonly nowMs: () => number;
  readonly maxSeries: number;
}

/** While the store lags behind the start of the tail it is read again, but not more often than this. */
const RELOAD_MS = 2_000;

/**
 * The newest event of every series: read from the store once somebody asks, and kept right by the tail from the start. Memory: some
 * 300 bytes a series.
 */
export class FreshnessBook {
  readonly #parts: FreshnessBookParts;
  readonly #entries = new Map<string, BookEntry>();
  #sorted: readonly BookEntry[] | undefined;
  #isCovered: (() => boolean) | undefined;
  #complete = false;
  #overflow = false;
  #loading: Promise<void> | undefined;
  #loadedAtMs = -Infinity;

  constructor(parts: FreshnessBookParts) {
    this.#parts = parts;
  }

  /** Every new record of the tail. */
  observe({ events, header, epoch, record }: MarketRecord): void {
    if (events === undefined || events.kind === 'indicators' || events.kind === 'forming-bars') return;
    let eventNs = -1n;
    for (const timeNs of timesOf(events)) if (timeNs > eventNs) eventNs = timeNs;
    if (eventNs < 0n) return;
    const { kind } = events;
    const isBars = kind === 'bars';
    const interval = isBars ? events.batch.interval : '';
    const priceType = isBars ? events.batch.priceType : 'trade';
    const { symbol, source, knownAtNs } = header;
    this.#take(
      { symbol, source, kind, interval, priceType, eventNs, knownAtNs, epoch, recordOffset: record.offset },
      true,
    );
  }

  /** By symbol, source, kind, interval and price type. */
  async entries(): Promise<readonly BookEntry[]> {
    if (!this.#complete && this.#parts.nowMs() - this.#loadedAtMs >= RELOAD_MS) {
      this.#loading ??= this.#load().finally(() => {
        this.#loading = undefined;
      });
    }
    await this.#loading;
    if (this.#overflow)
      throw new TickwellError('limit-exceeded', `there are more than ${this.#parts.maxSeries} series`);
    this.#sorted ??= [...this.#entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return this.#sorted;
  }

  async #load(): Promise<void> {
    const { reader, coverage, nowMs, maxSeries } = this.#parts;
    this.#isCovered ??= coverage();
    const isCovered = this.#isCovered();
    for (const event of await reader.newestEvents(maxSeries + 1)) this.#take(event, false);
    this.#loadedAtMs = nowMs();
    if (isCovered) this.#complete = true;
  }

  #take(event: NewestEvent, isLive: boolean): void {
    const { symbol, source, kind, interval, priceType, eventNs, knownAtNs, epoch, recordOffset } = event;
    const key = [symbol, source, kind, interval, priceType].join('\n');
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // Of equal times the later record is a correction.
      if (eventNs > known.eventNs || (eventNs === known.eventNs && isLive))
        Object.assign(known, { eventNs, knownAtNs, epoch, offset: recordOffset, isLive });
      return;
    }
    if (this.#entries.size >= this.#parts.maxSeries) {
      this.#overflow = true;
      return;
    }
    const entry = { key, symbol, source, kind, interval, priceType, eventNs, knownAtNs, epoch, isLive };
    this.#entries.set(key, { ...entry, offset: recordOffset });
    this.#sorted = undefined;
  }
}
