import type { BarBatch } from '@tickwell/domain';
import type { IndicatorSpec, SpecRows } from '@tickwell/indicators';
import type { MarketRecord } from '../market-record.ts';
import type { IndicatorBudget } from './indicator-budget.ts';
import { FollowedSpec, seriesKey, usableBars, type SeriesName, type SeriesValues } from './series-values.ts';

/** Who wants which values of live bars. */
export interface ValueReader {
  readonly symbols: ReadonlySet<string>;
  readonly specs: readonly IndicatorSpec[];
  readonly wants: (name: SeriesName) => boolean;
  /** It cannot have them any more. */
  readonly fail: (error: Error) => void;
}

interface Shared {
  readonly followed: FollowedSpec;
  /** Records below were taken before. */
  readonly fromOffset: bigint;
  readonly readers: Set<ValueReader>;
}

/** The values of one record's bars, by specification. */
export type RecordValues = ReadonlyMap<string, SpecRows>;

const NONE: RecordValues = new Map();

/**
 * The indicators of live bars that subscribers of this process want: each specification of a series once, however many follow it. Whoever joins brings
 * the state that they have reached; where the series is followed already that is the same, bit for bit, and is dropped.
 */
export class LiveValues {
  readonly #budget: IndicatorBudget;
  readonly #bySeries = new Map<string, Map<string, Shared>>();
  readonly #readers = new Map<string, Set<ValueReader>>();

  constructor(budget: IndicatorBudget) {
    this.#budget = budget;
  }

  /** Series and specification pairs that are followed. */
  get size(): number {
    let size = 0;
    for (const specs of this.#bySeries.values()) size += specs.size;
    return size;
  }

  /** `floorOf`: the first offset of the log that the state of a symbol has not taken. Call it in the turn in which the reader is up to date. */
  join(reader: ValueReader, reached: SeriesValues, floorOf: (symbol: string) => bigint): void {
    const series = [...reached.bySeries.values()];
    // First given back, then taken again: of what is shared only once.
    reached.release();
    for (const symbol of reader.symbols) {
      const readers = this.#readers.get(symbol) ?? new Set();
      this.#readers.set(symbol, readers.add(reader));
    }
    for (const { name, specs } of series)
      for (const followed of specs) this.#share(seriesKey(name), followed, floorOf(name.symbol), reader);
  }

  leave(reader: ValueReader): void {
    for (const symbol of reader.symbols) {
      const readers = this.#readers.get(symbol);
      readers?.delete(reader);
      if (readers?.size === 0) this.#readers.delete(symbol);
    }
    for (const [key, specs] of this.#bySeries) {
      for (const [id, { readers }] of specs) {
        readers.delete(reader);
        if (readers.size === 0) this.#drop(specs, id);
      }
      if (specs.size === 0) this.#bySeries.delete(key);
    }
  }

  /** What a record of bars changes; once per record, in the order of the log. */
  take({ record, events }: MarketRecord): RecordValues {
    if (events?.kind !== 'bars') return NONE;
    const name = nameOf(events.batch);
    this.#begin(name);
    const specs = this.#bySeries.get(seriesKey(name));
    if (specs === undefined) return NONE;
    const bars = usableBars(events.batch.bars, events.batch.header.knownAtNs);
    const values = new Map<string, SpecRows>();
    for (const [id, { followed, fromOffset, readers }] of [...specs]) {
      if (record.offset < fromOffset) continue;
      try {
        values.set(id, followed.take(name, bars));
      } catch (error) {
        for (const reader of [...readers]) this.#fail(reader, error);
      }
    }
    return values;
  }

  #fail(reader: ValueReader, error: unknown): void {
    this.leave(reader);
    reader.fail(error instanceof Error ? error : new Error(String(error)));
  }

  /** A series that nobody had a bar of begins with this one. */
  #begin(name: SeriesName): void {
    const key = seriesKey(name);
    for (const reader of this.#readers.get(name.symbol) ?? []) {
      if (!reader.wants(name)) continue;
      try {
        for (const spec of reader.specs) {
          const known = this.#bySeries.get(key)?.get(spec.id);
          if (known === undefined) this.#share(key, new FollowedSpec(spec), 0n, reader);
          else known.readers.add(reader);
        }
      } catch (error) {
        this.#fail(reader, error);
      }
    }
  }

  #share(key: string, followed: FollowedSpec, fromOffset: bigint, reader: ValueReader): void {
    const specs = this.#bySeries.get(key) ?? new Map<string, Shared>();
    this.#bySeries.set(key, specs);
    const { id } = followed.spec;
    const known = specs.get(id);
    if (known === undefined) this.#budget.take(1);
    // Where both are ahead of the tail the one that is less so goes on: it will be where the other is.
    const isBehind = known === undefined || fromOffset < known.fromOffset;
    const shared = isBehind ? { followed, fromOffset, readers: known?.readers ?? new Set() } : known;
    shared.readers.add(reader);
    specs.set(id, shared);
  }

  #drop(specs: Map<string, Shared>, id: string): void {
    if (specs.delete(id)) this.#budget.release(1);
  }
}

export function nameOf({ header, interval, priceType }: BarBatch): SeriesName {
  return { symbol: header.symbol, source: header.source, interval, priceType };
}
