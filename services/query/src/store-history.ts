import { encodeBarBatch, encodeIndicatorBatches, encodeTickBatch } from '@tickwell/contracts';
import { TickwellError, type Header, type PriceBasis } from '@tickwell/domain';
import type { HistoryReader, SeriesQuery, StoredSeries } from '@tickwell/ports';
import type { EventKind } from './arguments.ts';
import { sliceColumns, slices } from './chunks.ts';
import { commonPrefix } from './common-prefix.ts';
import type { EventFilter, Match } from './event-filter.ts';
import { batchResponse } from './response.ts';

/** Most series one subscription may bring the history of. One more is asked for, and the store lists at most 100,000. */
const MAX_SERIES = 50_000;

/** Cause of rows that come from the store: what brought them is behind the subscriber. */
const STORED = { origin: 'store', n: 1n, k: 0 };

export interface HistoryPlan {
  readonly filter: EventFilter & { readonly sinceNs: bigint };
  /** Rows of records from here on come from the log instead. */
  readonly cutOf: (kind: EventKind, symbol: string) => { readonly epoch: string; readonly offset: bigint };
  readonly signal: AbortSignal;
}

/** Stored events a subscriber wants, up to the cut: series by series, each in order of time. */
export async function* storedEvents(reader: HistoryReader, plan: HistoryPlan): AsyncGenerator<Match> {
  const symbolPrefix = commonPrefix([...(plan.filter.symbols ?? [''])]);
  const found = await reader.series({ symbolPrefix, limit: MAX_SERIES + 1 });
  if (found.length > MAX_SERIES) {
    throw new TickwellError(
      'limit-exceeded',
      `more than ${MAX_SERIES} series begin with "${symbolPrefix}": subscribe to the history of fewer symbols at once`,
    );
  }
  for (const series of found) {
    if (!isWanted(plan.filter, series)) continue;
    const { symbol, source, kind } = series;
    const { sinceNs: startNs } = plan.filter;
    const { signal } = plan;
    yield* storedSeries(reader, series, {
      symbol,
      source,
      startNs,
      before: plan.cutOf(kind, symbol),
      signal,
    });
  }
}

function isWanted(filter: HistoryPlan['filter'], series: StoredSeries): boolean {
  return (
    filter.kinds.has(series.kind) &&
    filter.symbols?.has(series.symbol) !== false &&
    (filter.source === '' || filter.source === series.source) &&
    (series.interval === '' || filter.intervals?.has(series.interval) !== false) &&
    series.lastNs >= filter.sinceNs
  );
}

async function* storedSeries(
  reader: HistoryReader,
  series: StoredSeries,
  query: SeriesQuery,
): AsyncGenerator<Match> {
  const { interval, priceType = 'trade' } = series;
  switch (series.kind) {
    case 'trades':
      for await (const { trades } of reader.trades(query)) {
        for (const part of slices(trades.timeNs.length)) {
          const batch = {
            kind: 'trades' as const,
            header: headerOf(series),
            positions: [],
            trades: sliceColumns(trades, part),
          };
          yield { events: part.to - part.from, bytes: batchResponse('trades', encodeTickBatch(batch)) };
        }
      }
      return;
    case 'quotes':
      for await (const { quotes } of reader.quotes(query)) {
        for (const part of slices(quotes.timeNs.length)) {
          const batch = {
            kind: 'quotes' as const,
            header: headerOf(series),
            positions: [],
            quotes: sliceColumns(quotes, part),
          };
          yield { events: part.to - part.from, bytes: batchResponse('quotes', encodeTickBatch(batch)) };
        }
      }
      return;
    case 'bars':
      for await (const { bars, priceBasis } of reader.bars({ ...query, interval, priceType })) {
        for (const part of slices(bars.startNs.length)) {
          const header = headerOf(series, priceBasis);
          const batch = { header, interval, priceType, positions: [], bars: sliceColumns(bars, part) };
          yield { events: part.to - part.from, bytes: batchResponse('bars', encodeBarBatch(batch)) };
        }
      }
      return;
    case 'indicators':
      yield* storedIndicators(reader, series, query);
  }
}

async function* storedIndicators(
  reader: HistoryReader,
  series: StoredSeries,
  query: SeriesQuery,
): AsyncGenerator<Match> {
  const { interval, priceType = 'trade', specId } = series;
  if (specId === undefined)
    throw new Error(`the store names no specification for indicators of ${series.symbol}`);
  for await (const rows of reader.indicators({ ...query, interval, priceType, specId })) {
    const { startNs, warm } = rows;
    for (const part of slices(startNs.length)) {
      const outputs = rows.outputs.map(({ name, value }) => ({ name, ...sliceColumns({ value }, part) }));
      const batch = {
        header: headerOf(series),
        interval,
        priceType,
        specId,
        outputs,
        ...sliceColumns({ startNs, warm }, part),
      };
      yield {
        events: part.to - part.from,
        bytes: batchResponse('indicators', encodeIndicatorBatches([batch])),
      };
    }
  }
}

function headerOf(series: StoredSeries, priceBasis: PriceBasis = 'unspecified'): Header {
  const { source, symbol } = series;
  return { source, symbol, cause: STORED, knownAtNs: 0n, watermarkNs: 0n, replayOf: '', priceBasis };
}
