import { err, ok, type Result } from '@tickwell/domain';
import type { Cell, TimeColumn } from '@tickwell/text';
import { openInput } from './input.ts';
import { FileFeedError } from './options.ts';
import { openReader, type ReaderOptions } from './reader.ts';

/** Most rows read into memory at once. */
const MAX_ROWS = 10_000_000;

export interface TableOptions extends Omit<ReaderOptions, 'mapping'> {
  readonly path: string;
  /** Name inside a zip or jar; may be left out where the archive holds one file. */
  readonly entry?: string;
}

/** A whole file as cells, in the order of its lines or rows. */
export interface FileTable {
  /** For messages: the path, with "!entry" for archives. */
  readonly name: string;
  readonly columns: readonly string[] | null;
  /** Columns that the format itself types as time. */
  readonly timeColumns: ReadonlyMap<number, TimeColumn>;
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  /** Line (CSV, JSON lines) or row, from 1. */
  readonly position: number;
  /** What is in it; undefined where it cannot be read, for the reason given. */
  readonly cells: readonly Cell[] | undefined;
  readonly problem?: { readonly rule: string; readonly reason: string };
}

/**
 * Reads a file of any format into memory, without judging what is in it. Errors: as of `openFileSource`, and file-too-large above ten
 * million rows.
 */
export async function readTable(
  options: TableOptions,
  signal: AbortSignal,
): Promise<Result<FileTable, FileFeedError>> {
  const input = await openInput(options.path, options.entry);
  if (!input.ok) return input;
  const { name } = input.value;
  if (input.value.sizeBytes === 0) return err(new FileFeedError('file-empty', `${name}: the file is empty`));
  const reader = await openReader(input.value, options);
  if (!reader.ok) return reader;
  const rows: TableRow[] = [];
  for await (const block of reader.value.blocks(signal)) {
    for (const { position, cells } of block.rows) rows.push({ position, cells });
    for (const { position, rule, reason } of block.refused) {
      rows.push({ position: Number(position), cells: undefined, problem: { rule, reason } });
    }
    if (rows.length > MAX_ROWS) {
      return err(
        new FileFeedError(
          'file-too-large',
          `${name}: more than ${MAX_ROWS} rows: split the file by symbol or time`,
        ),
      );
    }
  }
  rows.sort((a, b) => a.position - b.position);
  if (!rows.some(({ cells }) => cells !== undefined)) {
    return err(
      new FileFeedError('file-no-rows', `${name}: there is no row that can be read after the header`),
    );
  }
  return ok({ name, columns: reader.value.columns, timeColumns: reader.value.timeColumns, rows });
}
