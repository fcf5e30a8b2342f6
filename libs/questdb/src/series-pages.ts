import type pg from 'pg';
import { storeUnavailable } from './errors.ts';
import { pageFromText, type Page, type SelectColumn } from './page.ts';
import { pageFromParquet } from './parquet-page.ts';
import type { ParquetExport } from './parquet-export.ts';
import { textQuery, type TextRow } from './pg-client.ts';
import {
  boundCount,
  boundSelect,
  boundTimes,
  boundUnlike,
  literalSelect,
  type BoundSql,
  type FixedTexts,
  type SeriesSelect,
  type Span,
} from './series-select.ts';

/** Reads up to this many rows come over the pg wire at once; beyond, Parquet is faster (bench/reader.ts). */
const SMALL_ROWS = 5_000;
/** Rows of the first Parquet page; each later one may have twice those of the one before. */
export const LARGE_PAGE_ROWS = 65_536;
/** Of the first: an export costs QuestDB some milliseconds before its first row, and a page of a quarter of a million rows some 10 MB here. */
const LARGEST_PAGE = 4;
/** Versions and equal times around a limit: how much more than the limit is read before asking for the boundary. */
const SLACK_ROWS = 64;

export interface PageSource {
  readonly pool: pg.Pool;
  readonly parquet: ParquetExport;
  /** Tests make it small. */
  readonly largePageRows: number;
  readonly smallRows?: number;
}

/**
 * The rows of a span, oldest first, in pages that never divide rows of equal time (nor the versions of an entry). The first page comes over pg, at
 * once; what follows comes as Parquet, one page ahead of the reader and no further.
 */
export async function* pagesOf(
  source: PageSource,
  select: SeriesSelect,
  span: Span,
  limit: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  if (span.startNs !== undefined && span.endNs !== undefined && span.startNs >= span.endNs) return;
  const small = Math.min(source.smallRows ?? SMALL_ROWS, limit === undefined ? Infinity : limit + SLACK_ROWS);
  const first = await readText(source.pool, select, span, ` order by ts limit ${small + 1}`, signal);
  if (first.length <= small) {
    yield pageFromText(select.columns, first);
    return;
  }
  const times = first.map(([time]) => BigInt(time ?? 0));
  const lastTime = times.at(-1) ?? 0n;
  const whole = times.findIndex((time) => time === lastTime);
  const pages = new LargePages(source, select, fixedTexts(select.columns, first), signal);
  let current = pages.begin({ startNs: lastTime, endNs: span.endNs });
  if (whole > 0) yield pageFromText(select.columns, first.slice(0, whole));
  for (;;) {
    const nextNs = await current.nextNs;
    // Begun before this one is here: QuestDB works on it while this one is decoded.
    const next = nextNs === undefined ? undefined : pages.begin({ startNs: nextNs, endNs: span.endNs });
    yield await current.page;
    if (next === undefined) return;
    current = next;
  }
}

const NONE_FIXED: FixedTexts = new Map();

/** Symbol columns with one text in all of some rows. */
function fixedTexts(columns: readonly SelectColumn[], rows: readonly TextRow[]): FixedTexts {
  const fixed = new Map<string, string | null>();
  columns.forEach(({ name, type }, at) => {
    const [first] = rows;
    const text = first?.[at] ?? null;
    if (type === 'symbol' && rows.every((row) => (row[at] ?? null) === text)) fixed.set(name, text);
  });
  return fixed;
}

/** Narrows a span to its newest entries: the span, and how many of its oldest entries to leave out. */
export async function newestSpan(
  source: PageSource,
  select: SeriesSelect,
  span: Span,
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly span: Span; readonly skip: number }> {
  const boundary = await readTime(source.pool, boundTimes(select, span, 'desc', limit - 1), signal);
  if (boundary === undefined) return { span, skip: 0 };
  const newest = { startNs: boundary, endNs: span.endNs };
  const counted = await run(source.pool, boundCount(select, newest), signal);
  return { span: newest, skip: Math.max(0, Number(counted[0]?.[0] ?? 0) - limit) };
}

/** The newest rows in one round trip, latest first; undefined when that many rows may not hold `limit` entries. */
export async function newestRows(
  source: PageSource,
  select: SeriesSelect,
  span: Span,
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly page: Page; readonly complete: boolean } | undefined> {
  if (limit > (source.smallRows ?? SMALL_ROWS)) return undefined;
  const wanted = limit * 2 + SLACK_ROWS;
  const rows = await readText(source.pool, select, span, ` order by ts desc limit ${wanted}`, signal);
  rows.reverse();
  if (rows.length < wanted) return { page: pageFromText(select.columns, rows), complete: true };
  // The oldest time may go on beyond what was read.
  const oldest = rows[0]?.[0];
  const whole = rows.findIndex(([time]) => time !== oldest);
  return { page: pageFromText(select.columns, whole < 0 ? [] : rows.slice(whole)), complete: false };
}

/** A page on its way. */
interface LargePage {
  readonly page: Promise<Page>;
  /** Where the next one begins; undefined: this is the last. Known before the page is here. */
  readonly nextNs: Promise<bigint | undefined>;
}

/**
 * The Parquet pages of one read. Columns that have one text in all of the first rows do not travel (the source alone is a quarter of an export of
 * ticks), as long as nothing in the page's span is unlike them: that is looked up while the page is on its way.
 */
class LargePages {
  readonly #source: PageSource;
  readonly #select: SeriesSelect;
  readonly #signal: AbortSignal;
  #fixed: FixedTexts;
  #rows: number;

  constructor(source: PageSource, select: SeriesSelect, fixed: FixedTexts, signal: AbortSignal) {
    this.#source = source;
    this.#select = select;
    this.#signal = signal;
    this.#fixed = fixed;
    this.#rows = source.largePageRows;
  }

  begin(span: Span): LargePage {
    const rows = this.#rows;
    this.#rows = Math.min(rows * 2, this.#source.largePageRows * LARGEST_PAGE);
    const nextNs = this.#next(span, rows);
    const page = nextNs.then((endNs) =>
      this.#page({ startNs: span.startNs, endNs: endNs ?? span.endNs }, rows * 2),
    );
    page.catch(ignore);
    return { page, nextNs };
  }

  async #next(span: Span, rows: number): Promise<bigint | undefined> {
    const everyRow = withoutEntries(this.#select);
    const nextNs = await readTime(this.#source.pool, boundTimes(everyRow, span, 'asc', rows), this.#signal);
    // More rows of one time than a page holds: they come as one page all the same.
    return nextNs !== undefined && nextNs === span.startNs ? nextNs + 1n : nextNs;
  }

  async #page(span: Span, rowsPerGroup: number): Promise<Page> {
    const fixed = this.#fixed;
    if (fixed.size > 0) {
      const unlike = readTime(
        this.#source.pool,
        boundUnlike(withoutEntries(this.#select), span, fixed),
        this.#signal,
      );
      const [page, other] = await Promise.all([this.#export(span, rowsPerGroup, fixed), unlike]);
      if (other === undefined) return page;
      this.#fixed = NONE_FIXED;
    }
    return this.#export(span, rowsPerGroup, NONE_FIXED);
  }

  async #export(span: Span, rowsPerGroup: number, fixed: FixedTexts): Promise<Page> {
    const sql = literalSelect(this.#select, span, fixed, ' order by ts');
    const read = (bytes: Uint8Array): Page => pageFromParquet(this.#select.columns, fixed, bytes);
    return this.#source.parquet.run(sql, rowsPerGroup, read, this.#signal);
  }
}

function withoutEntries({ table, columns, where, before, known }: SeriesSelect): SeriesSelect {
  return {
    table,
    columns,
    where,
    ...(before === undefined ? {} : { before }),
    ...(known === undefined ? {} : { known }),
  };
}

async function readText(
  pool: pg.Pool,
  select: SeriesSelect,
  span: Span,
  tail: string,
  signal: AbortSignal,
): Promise<TextRow[]> {
  return run(pool, boundSelect(select, span, tail), signal);
}

async function readTime(pool: pg.Pool, sql: BoundSql, signal: AbortSignal): Promise<bigint | undefined> {
  const time = (await run(pool, sql, signal))[0]?.[0];
  return time === null || time === undefined ? undefined : BigInt(time);
}

/** One statement; aborting closes its connection, upon which QuestDB ends it. */
export async function run(pool: pg.Pool, sql: BoundSql, signal: AbortSignal): Promise<TextRow[]> {
  const client = await connect(pool, signal);
  const query = client.query<(string | null)[]>(textQuery(sql.text, sql.values));
  let released = false;
  const release = (broken: boolean): void => {
    if (!released) client.release(broken);
    released = true;
  };
  const onAbort = (): void => {
    release(true);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { rows } = await query;
    release(false);
    return rows;
  } catch (error) {
    // The connection may be anywhere in the protocol.
    release(true);
    signal.throwIfAborted();
    throw storeUnavailable('a query failed', error);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** A connection of the pool; who gives up while waiting for one leaves it to the next. */
async function connect(pool: pg.Pool, signal: AbortSignal): Promise<pg.PoolClient> {
  signal.throwIfAborted();
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw storeUnavailable('no connection for a query', error);
  }
  if (signal.aborted) client.release();
  signal.throwIfAborted();
  return client;
}

function ignore(): void {
  // Whoever awaits the page gets the error; until then it must not count as unhandled.
}
