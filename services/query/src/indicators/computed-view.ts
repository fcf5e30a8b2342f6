import { TickwellError, type Cause } from '@tickwell/domain';
import type { IndicatorSpec, SpecRows } from '@tickwell/indicators';
import type { HistoryReader } from '@tickwell/ports';
import { sliceColumns, slices } from '../chunks.ts';
import { commonPrefix } from '../common-prefix.ts';
import { matchRecord, type EventFilter } from '../event-filter.ts';
import type { MarketRecord } from '../market-record.ts';
import type { Match } from '../match.ts';
import { packed } from '../response.ts';
import type { QueueLimits, SubscriberQueue } from '../subscriber-queue.ts';
import { BAR_COLUMNS } from './read-bars.ts';
import type { IndicatorBudget } from './indicator-budget.ts';
import { nameOf, type LiveValues, type RecordValues, type ValueReader } from './live-values.ts';
import { Pacer } from './pacer.ts';
import { SeriesValues, usableBars, type SeriesName } from './series-values.ts';
import { rowsSince, valueMessage, valueMessages } from './value-messages.ts';

/** Bars that are computed before others are served. */
const STRETCH_BARS = 256;
const MAX_SERIES = 10_000;
/** Of values of stored bars: what brought them is behind the subscriber. */
const STORED: Cause = { origin: 'store', n: 1n, k: 0 };

export interface StoredCut {
  readonly cutOf: (symbol: string) => { readonly epoch: string; readonly offset: bigint };
  /** Values of earlier bars are not sent; undefined: none is. */
  readonly sinceNs: bigint | undefined;
  readonly signal: AbortSignal;
}

/** The filter of a subscription that has indicators computed, which then names its symbols and intervals. */
export type ComputedFilter = EventFilter & {
  readonly symbols: ReadonlySet<string>;
  readonly intervals: ReadonlySet<string>;
};

/**
 * The events of one subscriber whose indicators are computed: those of the filter, and with each record of bars the values that it changes, as one
 * message. Until it is live it computes for itself, from the first stored bar on; then together with others.
 */
export class ComputedView implements ValueReader {
  readonly specs: readonly IndicatorSpec[];
  readonly symbols: ReadonlySet<string>;
  readonly #filter: ComputedFilter;
  readonly #own: SeriesValues;
  readonly #queue: SubscriberQueue;
  readonly #limits: QueueLimits;
  /** Records of the tail that wait until it has caught up; undefined: it has. */
  #held: MarketRecord[] | undefined;
  #heldBytes = 0;

  constructor(
    { filter, specs }: { readonly filter: ComputedFilter; readonly specs: readonly IndicatorSpec[] },
    {
      budget,
      queue,
      limits,
    }: { readonly budget: IndicatorBudget; readonly queue: SubscriberQueue; readonly limits: QueueLimits },
  ) {
    this.specs = specs;
    this.symbols = filter.symbols;
    this.#filter = filter;
    this.#own = new SeriesValues(specs, budget);
    this.#queue = queue;
    this.#limits = limits;
  }

  readonly wants = ({ symbol, source, interval }: SeriesName): boolean =>
    this.symbols.has(symbol) &&
    this.#filter.intervals.has(interval) &&
    (this.#filter.source === '' || this.#filter.source === source);

  readonly fail = (error: Error): void => {
    this.#queue.fail(error);
  };

  /** Begins with the stored bars up to the cut, and yields the values that are wanted of them, series by series. */
  async *stored(reader: HistoryReader, cut: StoredCut): AsyncGenerator<Match> {
    const found = await reader.series({
      symbolPrefix: commonPrefix([...this.symbols]),
      limit: MAX_SERIES + 1,
    });
    if (found.length > MAX_SERIES)
      throw new TickwellError(
        'limit-exceeded',
        `more than ${MAX_SERIES} series begin like these symbols: subscribe to fewer at once`,
      );
    for (const { kind, symbol, source, interval, priceType = 'trade' } of found) {
      const name = { symbol, source, interval, priceType };
      if (kind === 'bars' && this.wants(name)) yield* this.#storedSeries(reader, name, cut);
    }
  }

  async *#storedSeries(
    reader: HistoryReader,
    name: SeriesName,
    { cutOf, sinceNs, signal }: StoredCut,
  ): AsyncGenerator<Match> {
    const pacer = new Pacer(signal);
    const query = { ...name, before: cutOf(name.symbol), columns: BAR_COLUMNS, signal };
    for await (const { bars, knownNs, priceBasis } of reader.bars(query)) {
      for (const part of slices(bars.startNs.length, STRETCH_BARS)) {
        const known = sliceColumns({ knownNs }, part).knownNs;
        const values = this.#own.take(name, usableBars(sliceColumns(bars, part), known));
        if (pacer.isDue) await pacer.rest();
        if (sinceNs === undefined) continue;
        const header = { ...name, cause: STORED, knownAtNs: 0n, watermarkNs: 0n, replayOf: '', priceBasis };
        const { messages, events } = valueMessage(name, header, rowsSince(values, sinceNs));
        for (const bytes of messages) yield { bytes, events };
      }
    }
  }

  /** What a record of the log brings; every record of the symbols has to come here, in order. */
  readonly match = (record: MarketRecord): Match | undefined => {
    const values = this.#advance(record);
    return this.#matchOf(record, values);
  };

  /** From now on records of the tail are kept for it. */
  hold(): void {
    this.#held = [];
  }

  /** A record of the tail with what it changes of the values that are followed together. */
  offer(record: MarketRecord, shared: RecordValues): Match | undefined {
    if (this.#held !== undefined) {
      this.#hold(this.#held, record);
      return undefined;
    }
    const values = this.specs.flatMap(({ id }) => shared.get(id) ?? []);
    return this.#matchOf(record, this.#isOfWanted(record) ? values : []);
  }

  /** It has caught up: what was kept goes out, and its values are followed together with those of others from here on. */
  goLive(live: LiveValues, floorOf: (symbol: string) => bigint): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const record of held) {
      const match = this.match(record);
      if (match !== undefined && !this.#queue.push(match.bytes)) return;
    }
    live.join(this, this.#own, floorOf);
  }

  /** Gives back what it took. */
  release(): void {
    this.#held = undefined;
    this.#own.release();
  }

  #hold(held: MarketRecord[], record: MarketRecord): void {
    this.#heldBytes += record.record.value?.byteLength ?? 0;
    held.push(record);
    if (held.length <= this.#limits.messages && this.#heldBytes <= this.#limits.bytes) return;
    this.#held = [];
    this.#queue.fail(
      new TickwellError(
        'reader-too-slow',
        `reader too slow: ${held.length} records (${this.#heldBytes} bytes) came before this subscriber had read its history; subscribe to less`,
      ),
    );
  }

  #isOfWanted({ events }: MarketRecord): boolean {
    return events?.kind === 'bars' && this.wants(nameOf(events.batch));
  }

  #advance(record: MarketRecord): readonly SpecRows[] {
    const { events } = record;
    if (events?.kind !== 'bars' || !this.#isOfWanted(record)) return [];
    const { bars, header } = events.batch;
    return this.#own.take(nameOf(events.batch), usableBars(bars, header.knownAtNs));
  }

  #matchOf(record: MarketRecord, values: readonly SpecRows[]): Match | undefined {
    const match = matchRecord(this.#filter, record);
    const { events } = record;
    if (events?.kind !== 'bars' || values.length === 0) return match;
    const { batch } = events;
    const wanted = rowsSince(values, this.#filter.sinceNs);
    const found = valueMessages(
      nameOf(batch),
      batch.header,
      wanted,
      match === undefined ? record.position : undefined,
    );
    const messages = [...(match === undefined ? [] : [match.bytes]), ...found.messages];
    if (messages.length === 0) return undefined;
    return { bytes: packed(messages), events: (match?.events ?? 0) + found.events };
  }
}
