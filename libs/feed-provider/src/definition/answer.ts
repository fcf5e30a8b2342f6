import { ProviderError } from '@tickwell/provider';
import { parseExactJson, splitQuoted } from '@tickwell/text';
import { beginning, titleOf } from '../http.ts';
import type { AnswerFormat } from './schema.ts';

/** One row of an answer: its columns by name or index, and what the vendor sent. */
export interface AnswerRow {
  readonly cell: (column: string | number) => unknown;
  readonly raw: unknown;
  /** The row cannot be read at all: why. */
  readonly broken?: string;
}

export interface Page {
  readonly rows: readonly AnswerRow[];
  /** The whole answer, where it is JSON: it may say how to go on. */
  readonly document: unknown;
}

/** Reads an answer as rows. `columns`: the names that must be there. Throws ProviderError `bad-answer` that says what came instead. */
export function readAnswer(
  text: string,
  format: AnswerFormat,
  of: { readonly host: string; readonly columns: readonly (string | number)[] },
): Page {
  const start = text.trimStart();
  if (start.startsWith('<'))
    throw new ProviderError(
      'bad-answer',
      `${of.host} answers HTML (${beginning(titleOf(start))}) instead of ${format.format === 'json' ? 'JSON' : 'CSV'}`,
    );
  return format.format === 'json'
    ? readJson(text, format, of)
    : { rows: readCsv(text, format, of), document: undefined };
}

/** The value at a path of properties. */
export function at(value: unknown, path: readonly string[]): unknown {
  let inner = value;
  for (const name of path) inner = isObject(inner) ? inner[name] : undefined;
  return inner;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJson(
  text: string,
  { rows: path, layout }: Extract<AnswerFormat, { format: 'json' }>,
  { host, columns }: { readonly host: string; readonly columns: readonly (string | number)[] },
): Page {
  let document: unknown;
  try {
    document = parseExactJson(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const came = text.trim() === '' ? 'nothing' : `${beginning(text)} (${why})`;
    throw new ProviderError('bad-answer', `${host} answers no JSON, or JSON that is cut off: ${came}`, {
      cause,
    });
  }
  const value = at(document, path);
  const where = path.length === 0 ? 'its answer' : `"${path.join('.')}"`;
  if (layout === 'columns') return { document, rows: rowsOfColumns(value, columns, { host, where, text }) };
  if (!Array.isArray(value))
    throw new ProviderError('bad-answer', `${host}: ${where} is no list of rows: ${beginning(text)}`);
  const list: readonly unknown[] = value;
  return { document, rows: list.map((row) => (layout === 'arrays' ? rowOfList(row) : rowOfObject(row))) };
}

function rowOfObject(row: unknown): AnswerRow {
  if (!isObject(row)) return { cell: () => undefined, raw: row, broken: 'it is no object' };
  return {
    raw: row,
    // A name with a dot may be one property, or a way into an object.
    cell: (column) => (Object.hasOwn(row, column) ? row[column] : at(row, String(column).split('.'))),
  };
}

function rowOfList(row: unknown): AnswerRow {
  if (!Array.isArray(row)) return { cell: () => undefined, raw: row, broken: 'it is no list of values' };
  const values: readonly unknown[] = row;
  return { raw: row, cell: (column) => values[Number(column)] };
}

function rowsOfColumns(
  value: unknown,
  columns: readonly (string | number)[],
  { host, where, text }: { readonly host: string; readonly where: string; readonly text: string },
): readonly AnswerRow[] {
  const lists = new Map<string | number, readonly unknown[]>();
  for (const column of columns) {
    const list = at(value, String(column).split('.'));
    if (!Array.isArray(list))
      throw new ProviderError(
        'bad-answer',
        `${host}: ${where} has no column "${column}": ${beginning(text)}`,
      );
    lists.set(column, list);
  }
  const lengths = new Set([...lists.values()].map((list) => list.length));
  if (lengths.size > 1)
    throw new ProviderError(
      'bad-answer',
      `${host}: the columns of ${where} have ${[...lengths].join(' and ')} rows: they must have as many each`,
    );
  return Array.from({ length: [...lengths][0] ?? 0 }, (_, index) => ({
    raw: Object.fromEntries([...lists].map(([name, list]) => [name, list[index]])),
    cell: (column) => lists.get(column)?.[index],
  }));
}

function readCsv(
  text: string,
  format: Extract<AnswerFormat, { format: 'csv' }>,
  { host, columns }: { readonly host: string; readonly columns: readonly (string | number)[] },
): readonly AnswerRow[] {
  const records = csvRecords(text, format);
  refuseCutOff(text, records, host);
  if (!format.header)
    return records.map((record) => rowOfRecord(record, (column) => Number(column), undefined));
  const head = records.shift();
  if (head === undefined) return [];
  const names = (head.fields ?? []).map((name) => name.trim());
  const missing = columns.filter((column) => !names.includes(String(column)));
  if (missing.length > 0)
    throw new ProviderError(
      'bad-answer',
      `${host}: no column ${missing.map((name) => `"${name}"`).join(', ')}; it answers: ${beginning(text)}`,
    );
  return records.map((record) =>
    rowOfRecord(record, (column) => names.indexOf(String(column)), names.length),
  );
}

/**
 * A body that ends within its last line is not whole, and what else is missing cannot be seen: the request fails, and is made again by the next
 * run, instead of being done with.
 * @throws ProviderError `bad-answer`
 */
function refuseCutOff(text: string, records: readonly CsvRecord[], host: string): void {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined || /[\r\n]$/.test(text)) return;
  if (last.fields !== undefined && last.fields.length >= (first.fields?.length ?? 0)) return;
  throw new ProviderError(
    'bad-answer',
    `${host} answers CSV that is cut off: it ends with "${beginning(last.line)}" (line ${records.length})`,
  );
}

interface CsvRecord {
  readonly line: string;
  /** Undefined: the line is no CSV. */
  readonly fields: readonly string[] | undefined;
}

function rowOfRecord(
  { line, fields }: CsvRecord,
  indexOf: (column: string | number) => number,
  count: number | undefined,
): AnswerRow {
  if (fields === undefined) return { raw: line, cell: () => undefined, broken: 'a quote is not closed' };
  if (count !== undefined && fields.length !== count)
    return {
      raw: line,
      cell: () => undefined,
      broken: `it has ${fields.length} columns instead of ${count}: is it cut off?`,
    };
  return { raw: line, cell: (column) => fields[indexOf(column)] };
}

/** Lines as records; one with an open quote goes on in the next line. */
function csvRecords(
  text: string,
  { delimiter, skipLines, comment }: Extract<AnswerFormat, { format: 'csv' }>,
): CsvRecord[] {
  const records: CsvRecord[] = [];
  let open = '';
  for (const line of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .slice(skipLines)) {
    if (open === '' && (line.trim() === '' || (comment !== '' && line.startsWith(comment)))) continue;
    const record = open === '' ? line : `${open}\n${line}`;
    const fields = record.includes('"') ? splitQuoted(record, delimiter) : undefined;
    if (fields?.ok === false && fields.error.isOpen) {
      open = record;
      continue;
    }
    open = '';
    records.push({
      line: record,
      fields: fields === undefined ? record.split(delimiter) : fields.ok ? fields.value : undefined,
    });
  }
  if (open !== '') records.push({ line: open, fields: undefined });
  return records;
}
