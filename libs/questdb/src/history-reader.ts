import { TABLES } from '@tickwell/contracts';
import type {
  ActionQuery,
  AsOf,
  BarQuery,
  DeadLetterReader,
  FrameCatalog,
  FundamentalQuery,
  HoleReader,
  IndicatorQuery,
  QualityReader,
  ReconciliationReader,
  SeriesQuery,
  StoreReader,
  StoredAction,
  StoredBars,
  StoredFundamental,
  StoredIndicators,
  StoredSeries,
} from '@tickwell/ports';
import {
  isAllHoursSource,
  overBeforeNs,
  parseBarLength,
  type PackedQuotes,
  type PackedTrades,
} from '@tickwell/domain';
import type pg from 'pg';
import { readActions } from './actions.ts';
import {
  BAR_BASE,
  BAR_COLUMNS,
  INDICATOR_COLUMNS,
  QUOTE_COLUMNS,
  TICK_BASE,
  TRADE_COLUMNS,
  barOrder,
  barsOf,
  basisOf,
  indicatorChunks,
  indicatorOrder,
  indicatorPoints,
  knownAfter,
  longs,
  quotesOf,
  runsOf,
  tickOrder,
  tickRuns,
  tradesOf,
} from './chunks.ts';
import { deadLetterReader } from './dead-letters.ts';
import type { QuestdbEndpoints } from './endpoints.ts';
import { frameCatalog } from './frames.ts';
import { fundamentalOrder, fundamentalSelect, fundamentalsOf } from './fundamentals.ts';
import { holeReader } from './holes.ts';
import { queryRefused } from './errors.ts';
import type { Page, SelectColumn } from './page.ts';
import { ParquetExport } from './parquet-export.ts';
import { firstOf } from './row-range.ts';
import { createPool, type TextRow } from './pg-client.ts';
import { qualityReader } from './quality.ts';
import { LARGE_PAGE_ROWS, newestRows, newestSpan, pagesOf, run, type PageSource } from './series-pages.ts';
import { checkQuery, type BoundSql, type SeriesSelect } from './series-select.ts';
import { readSeries } from './series-list.ts';
import { reconciliationReader } from './reconciliations.ts';

export interface QuestdbReaderOptions {
  readonly endpoints: QuestdbEndpoints;
  /** QuestDB serves 64 pg connections in all and lets the next one hang. */
  readonly maxConnections?: number;
  readonly maxExports?: number;
  readonly statementTimeoutMs?: number;
  readonly maxExportBytes?: number;
  /** Rows that come over pg before Parquet takes over, and rows of one Parquet page. */
  readonly smallRows?: number;
  readonly largePageRows?: number;
}

const DEFAULTS = {
  maxConnections: 8,
  maxExports: 4,
  statementTimeoutMs: 60_000,
  maxExportBytes: 512 * 1024 * 1024,
  largePageRows: LARGE_PAGE_ROWS,
};

/** Reads history from QuestDB: the first rows over pg at once, long reads as Parquet, both pulled. */
export function createQuestdbReader(options: QuestdbReaderOptions): StoreReader {
  return new QuestdbReader({ ...DEFAULTS, ...options });
}

/** What is answered of a page, in order: numbers of rows, or points of several rows each. */
interface Entries<E> {
  readonly length: number;
  slice(from?: number, to?: number): E;
}

interface Answer<E> {
  readonly page: Page;
  readonly entries: E;
}

class QuestdbReader implements StoreReader {
  readonly deadLetters: DeadLetterReader;
  readonly reconciliations: ReconciliationReader;
  readonly frames: FrameCatalog;
  readonly ledger: HoleReader;
  readonly quality: QualityReader;
  readonly #pool: pg.Pool;
  readonly #source: PageSource;
  readonly #closing = new AbortController();

  constructor(options: QuestdbReaderOptions & typeof DEFAULTS) {
    const { endpoints, statementTimeoutMs } = options;
    this.#pool = createPool(endpoints.pg, {
      maxConnections: options.maxConnections,
      connectTimeoutMs: statementTimeoutMs,
      statementTimeoutMs,
    });
    const parquet = new ParquetExport({
      httpUrl: endpoints.httpUrl,
      maxConcurrent: options.maxExports,
      statementTimeoutMs,
      maxBytes: options.maxExportBytes,
    });
    this.#source = {
      pool: this.#pool,
      parquet,
      largePageRows: options.largePageRows,
      ...(options.smallRows === undefined ? {} : { smallRows: options.smallRows }),
    };
    this.deadLetters = deadLetterReader((sql) => this.#run(sql));
    this.reconciliations = reconciliationReader((sql) => this.#run(sql));
    this.ledger = holeReader((sql) => this.#run(sql));
    this.frames = frameCatalog((sql) => this.#run(sql));
    this.quality = qualityReader((sql) => this.#run(sql));
  }

  async *trades(query: SeriesQuery): AsyncGenerator<{ source: string; trades: PackedTrades }> {
    const wanted = wantedColumns(query, ['timeNs', 'seq'], TRADE_COLUMNS);
    const select = seriesSelect(
      TABLES.trades.name,
      query,
      selectColumns(TICK_BASE, TRADE_COLUMNS, wanted),
      {},
    );
    for await (const { page, entries } of this.#answers(select, query, tickOrder)) {
      for (const rows of tickRuns(entries, page.varying('source'))) {
        yield { source: page.text('source', firstOf(rows)) ?? '', trades: tradesOf(page, rows, wanted) };
      }
    }
  }

  async *quotes(query: SeriesQuery): AsyncGenerator<{ source: string; quotes: PackedQuotes }> {
    const wanted = wantedColumns(query, ['timeNs', 'seq'], QUOTE_COLUMNS);
    const select = seriesSelect(
      TABLES.quotes.name,
      query,
      selectColumns(TICK_BASE, QUOTE_COLUMNS, wanted),
      {},
    );
    for await (const { page, entries } of this.#answers(select, query, tickOrder)) {
      for (const rows of tickRuns(entries, page.varying('source'))) {
        yield { source: page.text('source', firstOf(rows)) ?? '', quotes: quotesOf(page, rows, wanted) };
      }
    }
  }

  async *bars(query: BarQuery): AsyncGenerator<StoredBars> {
    const wanted = wantedColumns(query, ['startNs'], BAR_COLUMNS);
    const columns = selectColumns(BAR_BASE, BAR_COLUMNS, wanted);
    const where = { interval: query.interval, price_type: query.priceType };
    const select = {
      ...seriesSelect(TABLES.bars.name, query, columns, where),
      entryKeys: ['source'],
      ...(query.asOf === undefined ? {} : { known: knownSelect(query, query.asOf) }),
    };
    const untilNs = query.asOf?.timeNs;
    for await (const { page, entries } of this.#answers(select, query, (one) => barOrder(one, untilNs))) {
      const sources = page.texts('source');
      const late = knownAfter(page, untilNs);
      for (const rows of runsOf(entries, [...page.varying('source', 'basis'), late])) {
        const first = rows[0] ?? 0;
        yield {
          source: sources[first] ?? '',
          priceBasis: basisOf(page, first),
          bars: barsOf(page, rows, wanted),
          knownNs: longs(page, 'known', rows),
          ...(late[first] === 1 ? { backfilled: true as const } : {}),
        };
      }
    }
  }

  async *indicators(query: IndicatorQuery): AsyncGenerator<StoredIndicators> {
    const where = { interval: query.interval, price_type: query.priceType, spec_id: query.specId };
    const base = seriesSelect(TABLES.indicators.name, query, INDICATOR_COLUMNS, where);
    const select = {
      ...base,
      entryKeys: ['source'],
      ...(query.asOf === undefined ? {} : { known: knownSelect(query, query.asOf) }),
    };
    const points = (page: Page): ReturnType<typeof indicatorPoints> =>
      indicatorPoints(page, indicatorOrder(page, query.asOf?.timeNs));
    for await (const { page, entries } of this.#answers(select, query, points)) {
      yield* indicatorChunks(page, query.specId, entries);
    }
  }

  async actions(query: ActionQuery): Promise<readonly StoredAction[]> {
    return readActions((sql) => this.#run(sql, query.signal), query);
  }

  async *fundamentals(query: FundamentalQuery): AsyncGenerator<readonly StoredFundamental[]> {
    const untilNs = query.asOf?.timeNs;
    const order = (page: Page): Uint32Array => fundamentalOrder(page, untilNs);
    for await (const { page, entries } of this.#answers(fundamentalSelect(query), query, order)) {
      for (const rows of runsOf(entries, [])) yield fundamentalsOf(page, rows, untilNs);
    }
  }

  async series(options: {
    readonly symbolPrefix: string;
    readonly limit: number;
  }): Promise<readonly StoredSeries[]> {
    return readSeries((sql) => this.#run(sql), options);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the reader was closed'));
    await this.#pool.end();
  }

  #run(sql: BoundSql, signal?: AbortSignal): Promise<TextRow[]> {
    const closing = this.#closing.signal;
    return run(this.#pool, sql, signal === undefined ? closing : AbortSignal.any([signal, closing]));
  }

  /** Pages with their entries, cut to the limit. */
  async *#answers<E extends Entries<E>>(
    select: SeriesSelect,
    query: SeriesQuery,
    entriesOf: (page: Page) => E,
  ): AsyncGenerator<Answer<E>> {
    checkQuery(query);
    const stop = new AbortController();
    const signal = AbortSignal.any([
      stop.signal,
      this.#closing.signal,
      ...(query.signal === undefined ? [] : [query.signal]),
    ]);
    try {
      yield* this.#limited(select, query, entriesOf, signal);
    } finally {
      // A page may be on its way that nobody will read.
      stop.abort(new Error('the read ended'));
    }
  }

  async *#limited<E extends Entries<E>>(
    select: SeriesSelect,
    query: SeriesQuery,
    entriesOf: (page: Page) => E,
    signal: AbortSignal,
  ): AsyncGenerator<Answer<E>> {
    let span = { startNs: query.startNs, endNs: query.endNs };
    let skip = 0;
    let left = query.limit ?? Infinity;
    if (query.newest === true && query.limit !== undefined) {
      const newest = await newestRows(this.#source, select, span, query.limit, signal);
      const entries = newest === undefined ? undefined : entriesOf(newest.page);
      if (
        newest !== undefined &&
        entries !== undefined &&
        (newest.complete || entries.length >= query.limit)
      ) {
        yield { page: newest.page, entries: entries.slice(-query.limit) };
        return;
      }
      ({ span, skip } = await newestSpan(this.#source, select, span, query.limit, signal));
    }
    for await (const page of pagesOf(this.#source, select, span, query.limit, signal)) {
      const all = entriesOf(page);
      const entries = all.slice(skip, skip + left);
      skip = Math.max(0, skip - all.length);
      left -= entries.length;
      if (entries.length > 0) yield { page, entries };
      if (left <= 0) return;
    }
  }
}

/** Bars that were over by then may have become known at any time; of others only what was known counts. */
function knownSelect(
  { interval, source }: Pick<BarQuery, 'interval' | 'source'>,
  { timeNs, strict }: AsOf,
): NonNullable<SeriesSelect['known']> {
  const parsed = parseBarLength(interval);
  if (!parsed.ok) throw queryRefused(parsed.error);
  if (strict) return { untilNs: timeNs, closedNs: 0n };
  const closedNs = overBeforeNs(parsed.value, timeNs);
  const allHoursNs = overBeforeNs(parsed.value, timeNs, { allHours: true });
  if (source !== undefined)
    return { untilNs: timeNs, closedNs: isAllHoursSource(source) ? allHoursNs : closedNs };
  return { untilNs: timeNs, closedNs, ...(allHoursNs === closedNs ? {} : { allHoursNs }) };
}

function seriesSelect(
  table: string,
  query: SeriesQuery,
  columns: readonly SelectColumn[],
  where: Readonly<Record<string, string>>,
): SeriesSelect {
  return {
    table,
    columns,
    where: {
      symbol: query.symbol,
      ...(query.source === undefined ? {} : { source: query.source }),
      ...where,
    },
    ...(query.before === undefined ? {} : { before: query.before }),
  };
}

/** Domain names of the columns to fill; an unknown one is refused by name. */
function wantedColumns(
  query: SeriesQuery,
  always: readonly string[],
  known: Readonly<Record<string, SelectColumn>>,
): ReadonlySet<string> {
  const all = [...always, ...Object.keys(known)];
  if (query.columns === undefined) return new Set(all);
  const unknown = query.columns.find((column) => !all.includes(column));
  if (unknown !== undefined) {
    throw queryRefused(
      `there is no column ${JSON.stringify(unknown.slice(0, 80))}: choose from ${all.join(', ')}`,
    );
  }
  return new Set(query.columns);
}

function selectColumns(
  base: readonly SelectColumn[],
  known: Readonly<Record<string, SelectColumn>>,
  wanted: ReadonlySet<string>,
): readonly SelectColumn[] {
  return [...base, ...Object.entries(known).flatMap(([name, column]) => (wanted.has(name) ? [column] : []))];
}
