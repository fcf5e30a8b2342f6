import { ALL_TABLES, TABLES, type TableSpec } from '@tickwell/contracts';
import {
  TickwellError,
  checkSymbol,
  emptyBars,
  emptyQuotes,
  emptyTrades,
  isAllHoursSource,
  overBeforeNs,
  packQuotes,
  packTrades,
  parseBarLength,
  type BarColumns,
  type PackedQuotes,
  type PackedTrades,
  type PriceBasis,
  type PriceType,
  type QuoteColumns,
  type TradeColumns,
} from '@tickwell/domain';
import type {
  ActionQuery,
  AsOf,
  BarQuery,
  FundamentalQuery,
  IndicatorQuery,
  SeriesQuery,
  StoreReader,
  StoredAction,
  StoredBars,
  StoredFundamental,
  StoredIndicators,
  StoredSeries,
  TableRows,
  TableWriter,
} from '@tickwell/ports';
import { memoryDeadLetters } from './memory-dead-letters.ts';
import { memoryFrames } from './memory-frames.ts';
import { memoryHoles } from './memory-holes.ts';
import { memoryQuality } from './memory-quality.ts';
import { memoryReconciliations } from './memory-reconciliations.ts';
import { MemoryTable, compare, long, text, type Cell, type MemoryRow } from './memory-table.ts';

const CHUNK_ROWS = 1_000;

/** A store in memory with the behaviour of the real one: the reference that contract suites and fast tests run on. */
export class MemoryStore implements TableWriter, StoreReader {
  readonly #tables: ReadonlyMap<string, MemoryTable>;
  /** Thrown by the next writes, first in first out; for tests of failure. */
  readonly failures: Error[] = [];
  readonly deadLetters = memoryDeadLetters((table) => this.#table(table).rows());
  readonly reconciliations = memoryReconciliations((table) => this.#table(table).rows());
  readonly frames = memoryFrames((table) => this.#table(table).rows());
  readonly ledger = memoryHoles((table) => this.#table(table).rows());
  readonly quality = memoryQuality((table) => this.#table(table).rows());

  constructor(tables: readonly TableSpec[] = ALL_TABLES) {
    this.#tables = new Map(tables.map((spec) => [spec.name, new MemoryTable(spec)]));
  }

  /** Every row of a table, for assertions. */
  rows(table: string): readonly Readonly<Record<string, Cell>>[] {
    return this.#table(table)
      .rows()
      .map((row) => Object.fromEntries(row));
  }

  async write(rows: readonly TableRows[]): Promise<void> {
    await Promise.resolve();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const parsed = rows.map((part) => ({
      table: this.#table(part.table),
      rows: this.#table(part.table).parse(part),
    }));
    for (const part of parsed) part.table.put(part.rows);
  }

  async *trades(query: SeriesQuery): AsyncGenerator<{ source: string; trades: PackedTrades }> {
    for await (const { source, rows } of this.#chunks(TABLES.trades.name, query, {}, 'seq')) {
      const pick = picker(rows, query);
      const trades: TradeColumns = {
        ...emptyTrades(),
        timeNs: longs(rows, 'ts'),
        seq: pick('seq', () => longs(rows, 'seq')),
        price: pick('price', () => doubles(rows, 'price')),
        size: pick('size', () => doubles(rows, 'size')),
        conditions: pick('conditions', () => optional(rows, 'conditions', () => texts(rows, 'conditions'))),
        venue: pick('venue', () => optional(rows, 'venue', () => texts(rows, 'venue'))),
      };
      yield { source, trades: packTrades(trades) };
    }
  }

  async *quotes(query: SeriesQuery): AsyncGenerator<{ source: string; quotes: PackedQuotes }> {
    for await (const { source, rows } of this.#chunks(TABLES.quotes.name, query, {}, 'seq')) {
      const pick = picker(rows, query);
      const quotes: QuoteColumns = {
        ...emptyQuotes(),
        timeNs: longs(rows, 'ts'),
        seq: pick('seq', () => longs(rows, 'seq')),
        bidPrice: pick('bidPrice', () => doubles(rows, 'bid_price')),
        bidSize: pick('bidSize', () => doubles(rows, 'bid_size')),
        askPrice: pick('askPrice', () => doubles(rows, 'ask_price')),
        askSize: pick('askSize', () => doubles(rows, 'ask_size')),
      };
      yield { source, quotes: packQuotes(quotes) };
    }
  }

  async *bars(query: BarQuery): AsyncGenerator<StoredBars> {
    const where = { interval: query.interval, price_type: query.priceType };
    const chunks = this.#chunks(TABLES.bars.name, query, where, 'known_at', closedAsOf(query));
    for await (const { source, rows } of chunks) {
      const isLate = (row: MemoryRow | undefined): boolean =>
        query.asOf !== undefined && long(row, 'known_at') > query.asOf.timeNs;
      for (const alike of runs(rows, (row) => `${text(row, 'price_basis')} ${isLate(row)}`)) {
        const pick = picker(alike, query);
        const price = (name: string): number[] => pick(name, () => doubles(alike, name));
        const extra = (name: string, column: string): number[] =>
          pick(name, () => optional(alike, column, () => doubles(alike, column)));
        const bars: BarColumns = {
          ...emptyBars(),
          startNs: longs(alike, 'ts'),
          open: price('open'),
          high: price('high'),
          low: price('low'),
          close: price('close'),
          volume: extra('volume', 'volume'),
          vwap: extra('vwap', 'vwap'),
          tradeCount: extra('tradeCount', 'trade_count').map(orZero),
          sessionDate: extra('sessionDate', 'session_date').map(orZero),
        };
        yield {
          source,
          priceBasis: basisOf(alike[0]),
          bars,
          knownNs: longs(alike, 'known_at'),
          ...(isLate(alike[0]) ? { backfilled: true as const } : {}),
        };
      }
    }
  }

  async *indicators(query: IndicatorQuery): AsyncGenerator<StoredIndicators> {
    await Promise.resolve();
    const where = { interval: query.interval, price_type: query.priceType, spec_id: query.specId };
    const all = this.#select(TABLES.indicators.name, query, where);
    const keys = ['ts', 'source', 'output'];
    const current = newestOf(all, keys, closedAsOf(query)).sort(byColumns(keys));
    const points = runs(current, (row) => `${text(row, 'source')}\n${long(row, 'ts')}`);
    const kept = cut(points, query);
    const shape = (point: readonly MemoryRow[]): string =>
      [text(point[0], 'source'), ...point.map((row) => text(row, 'output'))].join('\n');
    for (const alike of runs(kept, shape)) {
      const first = alike[0] ?? [];
      yield {
        source: text(first[0], 'source'),
        specId: query.specId,
        startNs: alike.map((point) => long(point[0], 'ts')),
        warm: alike.map((point) => point.every((row) => row.get('warm') === true)),
        knownNs: alike.map((point) => longs(point, 'known_at').sort(compare).at(-1) ?? 0n),
        outputs: first.map((row, at) => ({
          name: text(row, 'output'),
          value: alike.map((point) => double(point[at], 'value')),
        })),
      };
    }
  }

  async actions(query: ActionQuery): Promise<readonly StoredAction[]> {
    await Promise.resolve();
    const { asOf } = query;
    const all = this.#select(TABLES.corporateActions.name, query, {});
    const closed = asOf === undefined ? undefined : { ...asOf, closedNs: () => asOf.timeNs + 1n };
    return newestOf(all, ['ts', 'source', 'kind'], closed)
      .sort(byColumns(['ts', 'source', 'kind']))
      .map((row) => ({
        exDateNs: long(row, 'ts'),
        source: text(row, 'source'),
        kind: text(row, 'kind') === 'split' ? 'split' : 'dividend',
        amount: amountOf(row, 'amount'),
        currency: text(row, 'currency'),
        splitNumerator: amountOf(row, 'split_numerator'),
        splitDenominator: amountOf(row, 'split_denominator'),
        priceBasis: basisOf(row),
        knownAtNs: long(row, 'known_at'),
        ...(asOf !== undefined && long(row, 'known_at') > asOf.timeNs ? { backfilled: true } : {}),
      }));
  }

  async *fundamentals(query: FundamentalQuery): AsyncGenerator<readonly StoredFundamental[]> {
    await Promise.resolve();
    const { asOf, items, periodType } = query;
    const all = this.#select(TABLES.fundamentals.name, query, {
      ...(periodType === undefined ? {} : { period_type: periodType }),
    }).filter((row) => items?.includes(text(row, 'item')) !== false);
    const keys = ['ts', 'source', 'item', 'period_type'];
    const closed = asOf === undefined ? undefined : { ...asOf, closedNs: () => asOf.timeNs + 1n };
    const rows = cut(newestOf(all, keys, closed).sort(byColumns(keys)), query);
    for (let at = 0; at < rows.length; at += CHUNK_ROWS)
      yield rows.slice(at, at + CHUNK_ROWS).map((row) => ({
        source: text(row, 'source'),
        item: text(row, 'item'),
        periodType: text(row, 'period_type'),
        periodEndNs: long(row, 'ts'),
        value: double(row, 'value'),
        currency: text(row, 'currency'),
        knownAtNs: long(row, 'known_at'),
        ...(asOf !== undefined && long(row, 'known_at') > asOf.timeNs ? { backfilled: true } : {}),
      }));
  }

  async series(options: {
    readonly symbolPrefix: string;
    readonly limit: number;
  }): Promise<readonly StoredSeries[]> {
    await Promise.resolve();
    const found = KINDS.flatMap(({ kind, table, entry }) => {
      const rows = newestOf(
        this.#table(table)
          .rows()
          .filter((row) => text(row, 'symbol').startsWith(options.symbolPrefix)),
        [...SERIES_KEYS, 'ts', ...entry],
      );
      const groups = Map.groupBy(rows, (row) => JSON.stringify(SERIES_KEYS.map((key) => text(row, key))));
      return [...groups.values()].map((group) => storedSeries(kind, group));
    });
    const keyOf = ({ symbol, source, kind, interval, priceType, specId }: StoredSeries): string =>
      [symbol, source, kind, interval, priceType, specId].join('\n');
    return found.sort((a, b) => compare(keyOf(a), keyOf(b))).slice(0, options.limit);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #table(name: string): MemoryTable {
    const table = this.#tables.get(name);
    if (table === undefined)
      throw new TickwellError('rows-refused', `table ${name}: the table catalogue has no such table`);
    return table;
  }

  /** Rows of one series, in the order of answers, cut to the limit, in chunks of one source. */
  async *#chunks(
    table: string,
    query: SeriesQuery,
    where: Readonly<Record<string, string>>,
    order: 'seq' | 'known_at',
    asOf?: ClosedAsOf,
  ): AsyncGenerator<{ source: string; rows: readonly MemoryRow[] }> {
    await Promise.resolve();
    const all = this.#select(table, query, where);
    const current = order === 'seq' ? all : newestOf(all, ['ts', 'source'], asOf);
    const rows = cut([...current].sort(byColumns(['ts', 'source', order])), query);
    for (const alike of runs(rows, (row) => text(row, 'source'))) {
      for (let at = 0; at < alike.length; at += CHUNK_ROWS) {
        query.signal?.throwIfAborted();
        yield { source: text(alike[0], 'source'), rows: alike.slice(at, at + CHUNK_ROWS) };
      }
    }
  }

  #select(table: string, query: SeriesQuery, where: Readonly<Record<string, string>>): readonly MemoryRow[] {
    checkQuery(query);
    query.signal?.throwIfAborted();
    const wanted = Object.entries({
      symbol: query.symbol,
      ...(query.source === undefined ? {} : { source: query.source }),
      ...where,
    });
    const { startNs, endNs, before } = query;
    return this.#table(table)
      .rows()
      .filter((row) => {
        const timeNs = long(row, 'ts');
        if ((startNs !== undefined && timeNs < startNs) || (endNs !== undefined && timeNs >= endNs))
          return false;
        if (
          before !== undefined &&
          row.get('epoch') === before.epoch &&
          long(row, 'record_offset') >= before.offset
        )
          return false;
        return wanted.every(([column, value]) => row.get(column) === value);
      });
  }
}

const KINDS: readonly { kind: StoredSeries['kind']; table: string; entry: readonly string[] }[] = [
  { kind: 'trades', table: TABLES.trades.name, entry: ['seq'] },
  { kind: 'quotes', table: TABLES.quotes.name, entry: ['seq'] },
  { kind: 'bars', table: TABLES.bars.name, entry: [] },
  { kind: 'indicators', table: TABLES.indicators.name, entry: [] },
];

const SERIES_KEYS = ['symbol', 'source', 'interval', 'price_type', 'spec_id'];

const COLUMN_NAMES = new Set([
  ...Object.keys(emptyTrades()),
  ...Object.keys(emptyQuotes()),
  ...Object.keys(emptyBars()),
]);

function checkQuery(query: SeriesQuery): void {
  const symbol = checkSymbol(query.symbol);
  const unknown = query.columns?.find((column) => !COLUMN_NAMES.has(column));
  const { limit } = query;
  const reason = !symbol.ok
    ? symbol.error
    : unknown !== undefined
      ? `there is no column ${JSON.stringify(unknown)}`
      : limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)
        ? `limit ${limit} is not a whole number from 1`
        : query.newest === true && limit === undefined
          ? 'newest without limit'
          : undefined;
  if (reason !== undefined) throw new TickwellError('query-refused', reason);
}

/** `closedNs`: what of a source is before had happened by the time. */
interface ClosedAsOf extends AsOf {
  readonly closedNs: (source: string) => bigint;
}

/** Undefined: as is known now. */
function closedAsOf({ interval, asOf }: Pick<BarQuery, 'interval' | 'asOf'>): ClosedAsOf | undefined {
  return asOf === undefined ? undefined : { ...asOf, closedNs: closedBefore(interval, asOf) };
}

function closedBefore(text: string, { timeNs }: AsOf): ClosedAsOf['closedNs'] {
  const interval = parseBarLength(text);
  if (!interval.ok) throw new TickwellError('query-refused', interval.error);
  return (source) => overBeforeNs(interval.value, timeNs, { allHours: isAllHoursSource(source) });
}

/** The newest known version per identity, or the one as of a time. */
function newestOf(rows: readonly MemoryRow[], keys: readonly string[], asOf?: ClosedAsOf): MemoryRow[] {
  const newest = new Map<string, MemoryRow>();
  const sorted = [...rows].sort((a, b) => compare(long(a, 'known_at'), long(b, 'known_at')));
  for (const row of sorted) {
    const key = JSON.stringify(keys.map((name) => String(row.get(name) ?? '')));
    if (asOf !== undefined && long(row, 'known_at') > asOf.timeNs) {
      const isOver = long(row, 'ts') < asOf.closedNs(text(row, 'source'));
      const isFirst = !newest.has(key) && isOver && !asOf.strict;
      if (!isFirst) continue;
    }
    newest.set(key, row);
  }
  return [...newest.values()];
}

function cut<T>(entries: readonly T[], { limit, newest }: SeriesQuery): readonly T[] {
  if (limit === undefined) return entries;
  return newest === true ? entries.slice(-limit) : entries.slice(0, limit);
}

function runs<T>(entries: readonly T[], keyOf: (entry: T) => string): T[][] {
  const found: T[][] = [];
  let last: string | undefined;
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key === last) found.at(-1)?.push(entry);
    else found.push([entry]);
    last = key;
  }
  return found;
}

function byColumns(columns: readonly string[]): (a: MemoryRow, b: MemoryRow) => number {
  return (a, b) => {
    for (const column of columns) {
      const order = compare(a.get(column) ?? '', b.get(column) ?? '');
      if (order !== 0) return order;
    }
    return 0;
  };
}

function storedSeries(kind: StoredSeries['kind'], group: readonly MemoryRow[]): StoredSeries {
  const times = longs(group, 'ts').sort(compare);
  return {
    kind,
    symbol: text(group[0], 'symbol'),
    source: text(group[0], 'source'),
    interval: text(group[0], 'interval'),
    ...(group[0]?.has('price_type') === true ? { priceType: priceTypeOf(group[0]) } : {}),
    ...(kind === 'indicators' ? { specId: text(group[0], 'spec_id') } : {}),
    rows: group.length,
    firstNs: times[0] ?? 0n,
    lastNs: times.at(-1) ?? 0n,
  };
}

/** Fills a column only when the query asks for it. */
function picker(rows: readonly MemoryRow[], query: SeriesQuery): <T>(name: string, fill: () => T[]) => T[] {
  return (name, fill) => (rows.length > 0 && query.columns?.includes(name) === false ? [] : fill());
}

function optional<T>(rows: readonly MemoryRow[], column: string, fill: () => T[]): T[] {
  return rows.some((row) => row.has(column)) ? fill() : [];
}

function double(row: MemoryRow | undefined, column: string): number {
  const value = row?.get(column);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
}

function amountOf(row: MemoryRow, column: string): number {
  return row.has(column) ? double(row, column) : 0;
}

function priceTypeOf(row: MemoryRow): PriceType {
  const type = text(row, 'price_type');
  return type === 'bid' || type === 'ask' || type === 'mid' ? type : 'trade';
}

const longs = (rows: readonly MemoryRow[], column: string): bigint[] => rows.map((row) => long(row, column));
const doubles = (rows: readonly MemoryRow[], column: string): number[] =>
  rows.map((row) => double(row, column));
const texts = (rows: readonly MemoryRow[], column: string): string[] => rows.map((row) => text(row, column));
const orZero = (value: number): number => (Number.isNaN(value) ? 0 : value);

function basisOf(row: MemoryRow | undefined): PriceBasis {
  const basis = text(row, 'price_basis');
  return basis === 'raw' || basis === 'split-adjusted' || basis === 'all' ? basis : 'unspecified';
}
