import type { FeedRefusal } from '@tickwell/ports';
import { showCell as showText, type Cell, type TimeColumn } from '@tickwell/text';

/** One record of the file, before it is an event. */
export interface Row {
  /** Line (text formats) or row (columnar and JSON), from 1. */
  readonly position: number;
  readonly cells: readonly Cell[];
  /** The bytes it came from, for a refusal. */
  readonly raw: () => Uint8Array;
}

/** A piece of the file: everything up to `lastPosition` that was not in an earlier piece. Both lists grow in position. */
export interface RowBlock {
  readonly rows: readonly Row[];
  readonly refused: readonly FeedRefusal[];
  readonly lastPosition: number;
}

/** A file of any format as rows. */
export interface RowReader {
  /** Names of the columns; null where the file has none. */
  readonly columns: readonly string[] | null;
  /** Columns the format itself types as time. */
  readonly timeColumns: ReadonlyMap<number, TimeColumn>;
  /** "line" or "row": what positions count. */
  readonly unit: 'line' | 'row';
  /** Lines before the first row: skipped ones and the header. 0 where positions count rows. */
  readonly leadingLines: number;
  /** Reads from the start, each time anew. */
  blocks(signal: AbortSignal): AsyncIterable<RowBlock>;
}

/** Latin-1 text that holds UTF-8 bytes to the text they mean. Never a slice of a larger string, which would be kept alive. */
export function decodeText(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** For messages: what was there, shortened, on one line. */
export function showCell(cell: Cell): string {
  return showText(cell, decodeText);
}

/** Any value as a cell. Nested ones become their text, which no parser of numbers or times takes. */
export function asCell(value: unknown): Cell {
  switch (typeof value) {
    case 'string':
      // Text of typed formats is Unicode; cells hold its UTF-8 bytes, one character each, as CSV does.
      return ASCII.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1');
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : showJson(value);
    default:
      return undefined;
  }
}

// eslint-disable-next-line no-control-regex -- the whole range of ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/;

export function showJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? inner.toString() : inner,
  );
}

/** A block of a columnar format; the original of a refused row is its cells as JSON. */
export function rowsOfCells(
  columns: readonly string[],
  cells: readonly (readonly Cell[])[],
  firstPosition: number,
): RowBlock {
  const rows = cells.map((row, index) => ({
    position: firstPosition + index,
    cells: row,
    raw: (): Uint8Array =>
      Buffer.from(showJson(Object.fromEntries(columns.map((name, at) => [name, row[at]])))),
  }));
  return { rows, refused: [], lastPosition: firstPosition + cells.length - 1 };
}

/** The cell at one index, or of several joined with a space. */
export function cellAt(row: Row, at: readonly number[]): Cell {
  if (at.length === 1) return row.cells[at[0] ?? 0];
  return at.map((index) => String(row.cells[index] ?? '')).join(' ');
}
