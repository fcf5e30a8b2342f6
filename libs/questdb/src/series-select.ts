import { checkSymbol } from '@tickwell/domain';
import type { SeriesQuery } from '@tickwell/ports';
import { queryRefused } from './errors.ts';
import type { SelectColumn } from './page.ts';
import { quoteName, quoteText } from './sql.ts';

/** What to read of one table for one series; the span and the limit come with each page. */
export interface SeriesSelect {
  readonly table: string;
  readonly columns: readonly SelectColumn[];
  /** Equality conditions on symbol columns, values as clients gave them; several values: one of them. */
  readonly where: Readonly<Record<string, string | readonly string[]>>;
  readonly before?: { readonly epoch: string; readonly offset: bigint };
  /** Versions known later than `untilNs` are left out, but of entries before `closedNs`; of sources of all hours (`@XNYS/all`) before `allHoursNs`. */
  readonly known?: { readonly untilNs: bigint; readonly closedNs: bigint; readonly allHoursNs?: bigint };
  /** Columns that tell entries from versions of one: one bar per time and source, one trade per row. Undefined: every row. */
  readonly entryKeys?: readonly string[];
}

/** Texts that all rows have in some columns (by name): such a column need not travel. */
export type FixedTexts = ReadonlyMap<string, string | null>;

/** Half-open, as always. */
export interface Span {
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
}

/** An SQL text and the texts its parameters stand for. */
export interface BoundSql {
  readonly text: string;
  readonly values: readonly string[];
}

/** Collects the parameters of a statement. */
export class Binds {
  readonly values: string[] = [];

  /** The placeholder that stands for the text. */
  readonly add = (text: string): string => {
    this.values.push(text);
    return `$${this.values.length}`;
  };
}

/** Checks what a client asked for; the error names it. */
export function checkQuery(query: SeriesQuery): void {
  const symbol = checkSymbol(query.symbol);
  if (!symbol.ok) throw queryRefused(symbol.error);
  if (query.limit !== undefined && (!Number.isSafeInteger(query.limit) || query.limit < 1)) {
    throw queryRefused(`limit ${query.limit} is not a whole number from 1`);
  }
  if (query.newest === true && query.limit === undefined) {
    throw queryRefused('newest without limit: say how many of the newest rows');
  }
}

/** For the pg wire, which would cut times to microseconds: texts are parameters. Times are bigints of ours and are written as digits. */
export function boundSelect(select: SeriesSelect, span: Span, tail: string): BoundSql {
  const binds = new Binds();
  const columns = select.columns.map(
    ({ name, sql, type }) => `${type === 'time' ? `${sql}::long` : sql} ${quoteName(name)}`,
  );
  return { text: render(columns.join(', '), select, span, binds.add, tail), values: binds.values };
}

/**
 * For `/exp`, which has no parameters: texts are quoted literals. Columns go out as they are stored: an expression over one costs QuestDB its
 * copying of whole columns, twice the time of an export (bench/reader.ts).
 */
export function literalSelect(select: SeriesSelect, span: Span, fixed: FixedTexts, tail: string): string {
  const columns = select.columns.filter(({ name }) => !fixed.has(name));
  const list = columns.map(({ name, sql }) => `${sql} ${quoteName(name)}`).join(', ');
  const alike = fixedColumns(select, fixed).map(([sql, text]) => ` and ${sql} ${equals(text, quoteText)}`);
  return render(list, select, span, quoteText, `${alike.join('')}${tail}`);
}

/** Finds a row that has another text in one of the columns. */
export function boundUnlike(select: SeriesSelect, span: Span, fixed: FixedTexts): BoundSql {
  const binds = new Binds();
  const unlike = fixedColumns(select, fixed).map(([sql, text]) => `not (${sql} ${equals(text, binds.add)})`);
  const tail = ` and (${unlike.join(' or ')}) limit 1`;
  return { text: render('ts::long t', select, span, binds.add, tail), values: binds.values };
}

function fixedColumns(
  select: SeriesSelect,
  fixed: FixedTexts,
): readonly (readonly [string, string | null])[] {
  return select.columns.flatMap(({ name, sql }) => {
    const text = fixed.get(name);
    return text === undefined ? [] : [[sql, text] as const];
  });
}

function equals(text: string | null, bind: (text: string) => string): string {
  return text === null ? 'is null' : `= ${bind(text)}`;
}

/** Times of the select's entries (each version of a bar counts once), as `ts` in ns; for boundaries. */
export function boundTimes(select: SeriesSelect, span: Span, order: 'asc' | 'desc', skip: number): BoundSql {
  const binds = new Binds();
  const tail = ` order by ts ${order} limit ${skip},${skip + 1}`;
  if (select.entryKeys === undefined)
    return { text: render('ts::long t', select, span, binds.add, tail), values: binds.values };
  return {
    text: `select ts::long t from (${entries(select, span, binds.add)})${tail}`,
    values: binds.values,
  };
}

/** How many entries there are in a span. */
export function boundCount(select: SeriesSelect, span: Span): BoundSql {
  const binds = new Binds();
  if (select.entryKeys === undefined)
    return { text: render('count()', select, span, binds.add, ''), values: binds.values };
  return { text: `select count() from (${entries(select, span, binds.add)})`, values: binds.values };
}

function entries(select: SeriesSelect, span: Span, bind: (text: string) => string): string {
  const keys = ['ts', ...(select.entryKeys ?? [])].map(quoteName).join(', ');
  return render(`${keys}, count() versions`, select, span, bind, ` group by ${keys}`);
}

function render(
  columns: string,
  select: SeriesSelect,
  span: Span,
  bind: (text: string) => string,
  tail: string,
): string {
  const conditions = Object.entries(select.where).map(([column, value]) =>
    typeof value === 'string'
      ? `${quoteName(column)} = ${bind(value)}`
      : `${quoteName(column)} in (${value.map((one) => bind(one)).join(', ')})`,
  );
  if (span.startNs !== undefined) conditions.push(`ts >= ${clampNs(span.startNs)}`);
  if (span.endNs !== undefined) conditions.push(`ts < ${clampNs(span.endNs)}`);
  if (select.before !== undefined) {
    const { epoch, offset } = select.before;
    conditions.push(`not (epoch = ${bind(epoch)} and record_offset >= ${clampNs(offset)})`);
  }
  if (select.known !== undefined) {
    const { untilNs, closedNs, allHoursNs } = select.known;
    const closed = `ts < ${clampNs(closedNs)}`;
    const over =
      allHoursNs === undefined
        ? closed
        : `ts < ${clampNs(allHoursNs)} or (${closed} and not (source like '%@%/all'))`;
    conditions.push(`(known_at <= ${clampNs(untilNs)} or ${over})`);
  }
  return `select ${columns} from ${quoteName(select.table)} where ${conditions.join(' and ')}${tail}`;
}

const MAX_LONG = 2n ** 63n - 1n;

/** The store knows nothing before 1970, and SQL no number beyond a long. */
export function clampNs(value: bigint): bigint {
  return value < 0n ? 0n : value > MAX_LONG ? MAX_LONG : value;
}
