import {
  TickwellError,
  unpackQuotes,
  unpackTrades,
  type EventLedger,
  type Header,
  type PriceBasis,
  type PriceType,
} from '@tickwell/domain';
import type { HistoryReader, SeriesQuery, StoredSeries } from '@tickwell/ports';
import type { EventKind } from './arguments.ts';
import { sliceColumns, slices, type Slice } from './chunks.ts';
import { commonPrefix } from './common-prefix.ts';
import type { EventFilter } from './event-filter.ts';
import { seriesSum } from './event-sums.ts';
import { encoded, type MarketEvents } from './market-events.ts';
import type { Match } from './match.ts';
import { batchResponse } from './response.ts';

/** Most series one subscription may bring the history of. One more is asked for, and the store lists at most 100,000. */
export const MAX_SERIES = 50_000;

/** Cause of rows that come from the store: what brought them is behind the subscriber. */
const STORED = { origin: 'store', n: 1n, k: 0 };

/** A row of stored history, which comes series by series, each in order of time and seq. */
export interface HistoryRow {
  readonly symbol: string;
  readonly source: string;
  readonly kind: EventKind;
  /** Bars and indicators; else "". */
  readonly interval: string;
  readonly priceType: PriceType;
  /** Indicators; else "". */
  readonly specId: string;
  readonly timeNs: bigint;
  readonly seq: bigint;
}

export interface HistoryPlan {
  readonly filter: EventFilter & { readonly sinceNs: bigint };
  /** Rows of records from here on come from the log instead. */
  readonly cutOf: (kind: EventKind, symbol: string) => { readonly epoch: string; readonly offset: bigint };
  readonly signal: AbortSignal;
  /** Begins after this row. */
  readonly after?: HistoryRow | undefined;
  /** Ends with this row. */
  readonly through?: HistoryRow | undefined;
}

/** Stored events a subscriber wants, up to the cut: series by series, each in order of time. */
export async function* storedEvents(reader: HistoryReader, plan: HistoryPlan): AsyncGenerator<Match> {
  const { filter, after, through, signal } = plan;
  const found = await wantedSeries(reader, filter);
  const first = after === undefined ? 0 : placeOf(found, after);
  const last = through === undefined ? found.length - 1 : placeOf(found, through);
  for (const [at, series] of found.entries()) {
    if (at < first || at > last) continue;
    const { symbol, source, kind } = series;
    const { sinceNs, untilNs } = filter;
    const rows = {
      after: at === first ? after : undefined,
      through: at === last ? through : undefined,
    };
    const startNs = rows.after === undefined || rows.after.timeNs < sinceNs ? sinceNs : rows.after.timeNs;
    const endNs = untilNs === undefined ? {} : { endNs: untilNs };
    const query = { symbol, source, startNs, ...endNs, before: plan.cutOf(kind, symbol), signal };
    for await (const part of storedSeries(reader, series, query, rows)) yield matchOf(part);
  }
}

/** Reads of series that run at a time. */
const NEWEST_READS = 4;

/** The newest stored events of each wanted series up to the cut, given to `take` in no order. */
export async function newestStored(
  reader: HistoryReader,
  plan: HistoryPlan,
  take: (events: MarketEvents) => void,
): Promise<void> {
  const { filter, signal } = plan;
  const { sinceNs: startNs, untilNs } = filter;
  const waiting = (await wantedSeries(reader, filter)).values();
  const work = async (): Promise<void> => {
    // The workers share one iterator: each takes the next series.
    for (const series of waiting) {
      signal.throwIfAborted();
      const { symbol, source, kind } = series;
      const endNs = untilNs === undefined ? {} : { endNs: untilNs };
      const span = { symbol, source, startNs, ...endNs, before: plan.cutOf(kind, symbol) };
      const query = { ...span, limit: 1, newest: true, signal };
      for await (const { events } of storedSeries(reader, series, query, ALL_ROWS)) take(events);
    }
  };
  await Promise.all(Array.from({ length: NEWEST_READS }, work));
}

async function wantedSeries(
  reader: HistoryReader,
  filter: HistoryPlan['filter'],
): Promise<readonly StoredSeries[]> {
  const symbolPrefix = commonPrefix([...(filter.symbols ?? [''])]);
  const found = await reader.series({ symbolPrefix, limit: MAX_SERIES + 1 });
  if (found.length > MAX_SERIES) {
    throw new TickwellError(
      'limit-exceeded',
      `more than ${MAX_SERIES} series begin with "${symbolPrefix}": subscribe to the history of fewer symbols at once`,
    );
  }
  return found.filter((series) => isWanted(filter, series));
}

function isWanted(filter: HistoryPlan['filter'], series: StoredSeries): boolean {
  return (
    filter.kinds.has(series.kind) &&
    filter.symbols?.has(series.symbol) !== false &&
    (filter.source === '' || filter.source === series.source) &&
    (series.interval === '' || filter.intervals?.has(series.interval) !== false) &&
    series.lastNs >= filter.sinceNs &&
    (filter.untilNs === undefined || series.firstNs < filter.untilNs)
  );
}

/** Series are listed in the same order every time, and none goes away. */
function placeOf(found: readonly StoredSeries[], row: HistoryRow): number {
  const at = found.findIndex(
    ({ symbol, source, kind, interval, priceType = 'trade', specId = '' }) =>
      symbol === row.symbol &&
      source === row.source &&
      kind === row.kind &&
      interval === row.interval &&
      priceType === row.priceType &&
      specId === row.specId,
  );
  if (at >= 0) return at;
  throw new TickwellError(
    'invalid-argument',
    `from.within: there is no history of ${row.kind} of ${row.symbol} of ${row.source} in this subscription: begin anew with since_ns`,
  );
}

interface Rows {
  readonly after: HistoryRow | undefined;
  readonly through: HistoryRow | undefined;
}

const ALL_ROWS: Rows = { after: undefined, through: undefined };

/** Stored events of one series, of one message. */
interface StoredPart {
  readonly events: MarketEvents;
  readonly count: number;
}

async function* storedSeries(
  reader: HistoryReader,
  series: StoredSeries,
  query: SeriesQuery,
  rows: Rows,
): AsyncGenerator<StoredPart> {
  const { interval, priceType = 'trade' } = series;
  const header = headerOf(series);
  switch (series.kind) {
    case 'trades':
      for await (const { trades: packed } of reader.trades(query)) {
        const trades = unpackTrades(packed);
        for (const part of partsOf(trades.timeNs, trades.seq, rows)) {
          const batch = {
            kind: 'trades' as const,
            header,
            positions: [],
            trades: sliceColumns(trades, part),
          };
          yield partOf({ kind: 'trades', batch }, part);
        }
      }
      return;
    case 'quotes':
      for await (const { quotes: packed } of reader.quotes(query)) {
        const quotes = unpackQuotes(packed);
        for (const part of partsOf(quotes.timeNs, quotes.seq, rows)) {
          const batch = {
            kind: 'quotes' as const,
            header,
            positions: [],
            quotes: sliceColumns(quotes, part),
          };
          yield partOf({ kind: 'quotes', batch }, part);
        }
      }
      return;
    case 'bars':
      for await (const { bars, priceBasis } of reader.bars({ ...query, interval, priceType })) {
        for (const part of partsOf(bars.startNs, [], rows)) {
          const based = headerOf(series, priceBasis);
          const batch = { header: based, interval, priceType, positions: [], bars: sliceColumns(bars, part) };
          yield partOf({ kind: 'bars', batch }, part);
        }
      }
      return;
    case 'indicators':
      yield* storedIndicators(reader, series, query, rows);
  }
}

async function* storedIndicators(
  reader: HistoryReader,
  series: StoredSeries,
  query: SeriesQuery,
  rows: Rows,
): AsyncGenerator<StoredPart> {
  const { interval, priceType = 'trade', specId } = series;
  if (specId === undefined)
    throw new Error(`the store names no specification for indicators of ${series.symbol}`);
  const header = headerOf(series);
  for await (const { startNs, warm, outputs } of reader.indicators({
    ...query,
    interval,
    priceType,
    specId,
  })) {
    for (const part of partsOf(startNs, [], rows)) {
      const values = outputs.map(({ name, value }) => ({ name, ...sliceColumns({ value }, part) }));
      const own = { header, interval, priceType, specId, outputs: values };
      yield partOf(
        { kind: 'indicators', batches: [{ ...own, ...sliceColumns({ startNs, warm }, part) }] },
        part,
      );
    }
  }
}

/** The wanted rows of a chunk, in pieces that make a message. */
function partsOf(
  timeNs: readonly bigint[],
  seq: readonly bigint[],
  { after, through }: Rows,
): readonly Slice[] {
  const isPast = (at: number, row: HistoryRow): boolean => {
    const time = timeNs[at] ?? 0n;
    return time > row.timeNs || (time === row.timeNs && (seq[at] ?? 0n) > row.seq);
  };
  let from = 0;
  while (after !== undefined && from < timeNs.length && !isPast(from, after)) from += 1;
  let to = timeNs.length;
  while (through !== undefined && to > from && isPast(to - 1, through)) to -= 1;
  if (from === 0 && to === timeNs.length) return slices(timeNs.length);
  return slices(to - from).map((part) => ({ from: from + part.from, to: from + part.to, whole: false }));
}

function partOf(events: MarketEvents, { from, to }: Slice): StoredPart {
  return { events, count: to - from };
}

function matchOf({ events, count }: StoredPart): Match {
  const addTo = (ledger: EventLedger): void => {
    ledger.add(seriesSum(events));
  };
  return { events: count, bytes: batchResponse(events.kind, encoded(events)), addTo };
}

function headerOf(series: StoredSeries, priceBasis: PriceBasis = 'unspecified'): Header {
  const { source, symbol } = series;
  return { source, symbol, cause: STORED, knownAtNs: 0n, watermarkNs: 0n, replayOf: '', priceBasis };
}
