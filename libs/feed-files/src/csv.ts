import { err, ok, type Result } from '@tickwell/domain';
import { parseCompact, parseIso, splitQuoted, toNumber } from '@tickwell/text';
import type { FileInput } from './input.ts';
import { MAX_LINE_BYTES } from './lines.ts';
import { FileFeedError, type FileSourceOptions } from './options.ts';
import { refuse } from './refusal.ts';
import { decodeText, type RowBlock, type RowReader } from './rows.ts';
import { readTextRows, stripBom, type BlockBuilder, type LineParser } from './text-rows.ts';

/** A quoted field may hold line feeds; a record of more lines than this has a quote that nobody closed. */
const MAX_RECORD_LINES = 100;

const DELIMITERS = [',', ';', '\t', '|'];

interface Dialect {
  readonly delimiter: string;
  /** Lines before the first row: skipped ones and the header. */
  readonly skipLines: number;
  readonly columns: readonly string[] | null;
  readonly columnCount: number;
}

type CsvOptions = Pick<FileSourceOptions, 'delimiter' | 'header' | 'skipLines' | 'mapping'>;

/** Finds out delimiter and header from the first lines. */
export function openCsv(input: FileInput, options: CsvOptions): Result<RowReader, FileFeedError> {
  const dialect = detectDialect(input, options);
  if (!dialect.ok) return dialect;
  const { columns, skipLines } = dialect.value;
  return ok({
    columns,
    timeColumns: new Map(),
    unit: 'line',
    leadingLines: skipLines,
    blocks: (signal): AsyncIterable<RowBlock> =>
      readTextRows(input, new CsvParser(input.name, dialect.value), { skipLines, signal }),
  });
}

function detectDialect(input: FileInput, options: CsvOptions): Result<Dialect, FileFeedError> {
  const head = input.head;
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    return err(new FileFeedError('file-encoding', `${input.name}:1: the file is UTF-16; save it as UTF-8`));
  }
  const lines = head.toString('latin1').split('\n');
  const skipped = options.skipLines ?? 0;
  const at = lines.findIndex((line, index) => index >= skipped && line.trim() !== '');
  const first = stripBom((lines[at] ?? '').replace(/\r$/, ''));
  if (at < 0) return err(new FileFeedError('file-no-rows', `${input.name}: there are only empty lines`));
  const delimiter = options.delimiter ?? bestDelimiter(first);
  const fields = splitQuoted(first, delimiter);
  const names = fields.ok ? fields.value : undefined;
  if (names === undefined) {
    return err(
      new FileFeedError(
        'file-header',
        `${input.name}:${at + 1}: the first line cannot be read as CSV; is it longer than 64 KiB, or no CSV at all?`,
      ),
    );
  }
  const header =
    options.header === undefined || options.header === 'auto' ? !names.some(isValue) : options.header;
  return ok({
    delimiter,
    skipLines: header ? at + 1 : at,
    columns: header ? names.map((name) => decodeText(name).trim()) : null,
    columnCount: names.length,
  });
}

function bestDelimiter(line: string): string {
  const unquoted = line.replaceAll(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => unquoted.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Whether a field of the first line is data: a header holds no numbers and no dates. */
function isValue(field: string): boolean {
  return (
    toNumber(field) !== undefined ||
    parseIso(field.trim()) !== undefined ||
    parseCompact(field.trim()) !== undefined
  );
}

/** Lines without quotes, nearly all there are, are split where they stand. */
class CsvParser implements LineParser {
  readonly #file: string;
  readonly #dialect: Dialect;
  #open: { readonly lines: string[]; readonly firstLine: number; bytes: number } | undefined;

  constructor(file: string, dialect: Dialect) {
    this.#file = file;
    this.#dialect = dialect;
  }

  get openSince(): number | undefined {
    return this.#open?.firstLine;
  }

  push(line: string, lineNumber: number, out: BlockBuilder): void {
    const quoted = line.includes('"');
    if (this.#open === undefined && !quoted) {
      this.#accept(line.split(this.#dialect.delimiter), [line], lineNumber, out);
      return;
    }
    this.#open ??= { lines: [], firstLine: lineNumber, bytes: 0 };
    this.#open.lines.push(line);
    this.#open.bytes += line.length + 1;
    const { lines, bytes } = this.#open;
    if (quoted && this.#finish(out)) return;
    if (lines.length >= MAX_RECORD_LINES || bytes > MAX_LINE_BYTES)
      this.#giveUp('unterminated-quote', 'a quote is not closed', out);
  }

  end(out: BlockBuilder): void {
    while (this.#open !== undefined) this.#giveUp('unterminated-quote', 'a quote is not closed', out);
  }

  /** Whether the open record came to its end, read or refused. */
  #finish(out: BlockBuilder): boolean {
    const open = this.#open;
    if (open === undefined) return true;
    const record = splitQuoted(open.lines.join('\n'), this.#dialect.delimiter);
    if (!record.ok) {
      if (record.error.isOpen) return false;
      this.#giveUp('bad-quote', record.error.text, out);
    } else if (record.value.length !== this.#dialect.columnCount && open.lines.length > 1) {
      this.#giveUp('unterminated-quote', 'a quote is not closed in this line', out);
    } else {
      this.#open = undefined;
      this.#accept(record.value, open.lines, open.firstLine, out);
    }
    return true;
  }

  /** Refuses the first line alone and reads the lines after it anew: one stray quote costs one line. */
  #giveUp(rule: string, what: string, out: BlockBuilder): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const [first = '', ...others] = open.lines;
    const reason = `${this.#file}:${open.firstLine}: ${what}`;
    out.refused.push(refuse({ rule, reason, position: open.firstLine }, Buffer.from(first, 'latin1')));
    others.forEach((line, index) => {
      if (line !== '') this.push(line, open.firstLine + 1 + index, out);
    });
  }

  #accept(fields: readonly string[], lines: readonly string[], lineNumber: number, out: BlockBuilder): void {
    const raw = (): Uint8Array => Buffer.from(lines.join('\n'), 'latin1');
    if (fields.length === this.#dialect.columnCount) {
      out.rows.push({ position: lineNumber, cells: fields, raw });
      return;
    }
    const columns = fields.length === 1 ? 'column' : 'columns';
    const reason = `${this.#file}:${lineNumber}: ${fields.length} ${columns} instead of ${this.#dialect.columnCount}`;
    out.refused.push(refuse({ rule: 'column-count', reason, position: lineNumber }, raw()));
  }
}
