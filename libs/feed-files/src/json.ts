import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import { parseExactJson, type Cell } from '@tickwell/text';
import type { FileInput } from './input.ts';
import { FileFeedError, type FileSourceOptions } from './options.ts';
import { refuse } from './refusal.ts';
import { asCell, showJson, type RowBlock, type RowReader } from './rows.ts';
import { readTextRows, stripBom, type BlockBuilder, type LineParser } from './text-rows.ts';

/** A whole JSON document is read at once; JSON lines stream. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
const BLOCK_ROWS = 2000;

/** JSON lines: one object or array per line. Columns are the keys of the first, nested ones with dots. */
export function openJsonLines(
  input: FileInput,
  options: Pick<FileSourceOptions, 'skipLines'>,
): Result<RowReader, FileFeedError> {
  const skipLines = options.skipLines ?? 0;
  const lines = input.head.toString('latin1').split('\n').slice(skipLines);
  const first = lines
    .map((line) => parseJson(stripBom(line)))
    .find((value) => isRecord(value) || Array.isArray(value));
  if (first === undefined) {
    return err(
      new FileFeedError(
        'file-no-rows',
        `${input.name}: no line of the first 64 KiB is a JSON object or array`,
      ),
    );
  }
  const shape = shapeOf(first);
  return ok({
    columns: shape.columns,
    timeColumns: new Map(),
    unit: 'line',
    leadingLines: skipLines,
    blocks: (signal): AsyncIterable<RowBlock> =>
      readTextRows(input, new JsonLineParser(input.name, shape), { skipLines, signal }),
  });
}

/** A JSON document that is, or holds, an array of objects or arrays. */
export async function openJsonDocument(
  input: FileInput,
  options: Pick<FileSourceOptions, 'recordsAt'>,
): Promise<Result<RowReader, FileFeedError>> {
  if (input.sizeBytes > MAX_DOCUMENT_BYTES) {
    return err(
      new FileFeedError(
        'file-too-large',
        `${input.name}: a JSON document of ${input.sizeBytes} bytes; at most ${MAX_DOCUMENT_BYTES} are read: convert it to JSON lines`,
      ),
    );
  }
  const parts: Buffer[] = [];
  for await (const part of input.bytes(new AbortController().signal)) parts.push(part);
  const text = stripBom(Buffer.concat(parts).toString('latin1'));
  let document: unknown;
  try {
    document = parseExactJson(text);
  } catch (cause) {
    return err(
      new FileFeedError(
        'bad-json',
        `${input.name}: not a JSON document, or cut off (${errorMessage(cause)})`,
        cause,
      ),
    );
  }
  const records = findRecords(document, options.recordsAt);
  if (!records.ok) return err(new FileFeedError('bad-json', `${input.name}: ${records.error}`));
  const first = records.value[0];
  if (first === undefined)
    return err(new FileFeedError('file-no-rows', `${input.name}: the array of rows is empty`));
  const shape = shapeOf(first);
  return ok({
    columns: shape.columns,
    timeColumns: new Map(),
    unit: 'row',
    leadingLines: 0,
    blocks: (signal): AsyncIterable<RowBlock> => documentBlocks(input.name, records.value, shape, signal),
  });
}

function findRecords(document: unknown, at: string | undefined): Result<readonly unknown[], string> {
  const value = at === undefined || !isRecord(document) ? document : document[at];
  if (Array.isArray(value)) return ok(value);
  if (!isRecord(value))
    return err(at === undefined ? 'no array of rows in it' : `there is no array at "${at}"`);
  const arrays = Object.entries(value).filter((entry): entry is [string, unknown[]] =>
    Array.isArray(entry[1]),
  );
  const [only] = arrays;
  if (arrays.length === 1 && only !== undefined) return ok(only[1]);
  return err(
    `say where the rows are (recordsAt): arrays are at ${arrays.map(([name]) => name).join(', ') || 'no property'}`,
  );
}

interface Shape {
  /** Null: rows are arrays. */
  readonly columns: readonly string[] | null;
  readonly paths: readonly (readonly string[])[];
}

function shapeOf(first: unknown): Shape {
  if (!isRecord(first)) return { columns: null, paths: [] };
  const paths = Object.entries(first).flatMap(([key, value]) =>
    isRecord(value) ? Object.keys(value).map((inner) => [key, inner]) : [[key]],
  );
  return { columns: paths.map((path) => path.join('.')), paths };
}

/** The cells of one record; undefined: not of the shape of the first. */
function cellsOf(record: unknown, shape: Shape): readonly Cell[] | undefined {
  if (shape.columns === null) return Array.isArray(record) ? record.map(latinCell) : undefined;
  if (!isRecord(record)) return undefined;
  return shape.paths.map((path) => {
    let value: unknown = record;
    for (const key of path) value = isRecord(value) ? value[key] : undefined;
    return latinCell(value);
  });
}

/** The text was parsed as Latin-1, so its strings are bytes already, but for escapes. */
function latinCell(value: unknown): Cell {
  return typeof value === 'string' && !BEYOND_LATIN.test(value) ? value : asCell(value);
}

// eslint-disable-next-line no-control-regex -- every character of one byte is meant
const BEYOND_LATIN = /[^\u0000-\u00ff]/;

class JsonLineParser implements LineParser {
  readonly #file: string;
  readonly #shape: Shape;
  readonly openSince = undefined;

  constructor(file: string, shape: Shape) {
    this.#file = file;
    this.#shape = shape;
  }

  push(line: string, lineNumber: number, out: BlockBuilder): void {
    if (line.trim() === '') return;
    const raw = (): Uint8Array => Buffer.from(line, 'latin1');
    const cells = cellsOf(parseJson(line), this.#shape);
    if (cells !== undefined) {
      out.rows.push({ position: lineNumber, cells, raw });
      return;
    }
    const expected = this.#shape.columns === null ? 'a JSON array' : 'a JSON object';
    const reason = `${this.#file}:${lineNumber}: the line is not ${expected}`;
    out.refused.push(refuse({ rule: 'bad-json', reason, position: lineNumber }, raw()));
  }

  end(): void {
    // Every line is complete in itself.
  }
}

async function* documentBlocks(
  file: string,
  records: readonly unknown[],
  shape: Shape,
  signal: AbortSignal,
): AsyncGenerator<RowBlock> {
  for (let start = 0; start < records.length && !signal.aborted; start += BLOCK_ROWS) {
    const out: BlockBuilder = { rows: [], refused: [] };
    records.slice(start, start + BLOCK_ROWS).forEach((record, index) => {
      const position = start + index + 1;
      const raw = (): Uint8Array => Buffer.from(showJson(record), 'latin1');
      const cells = cellsOf(record, shape);
      if (cells !== undefined) out.rows.push({ position, cells, raw });
      else {
        const reason = `${file}: row ${position} is not like the first row`;
        out.refused.push(refuse({ rule: 'bad-json', reason, position }, raw()));
      }
    });
    yield await Promise.resolve({ ...out, lastPosition: Math.min(start + BLOCK_ROWS, records.length) });
  }
}

/** Undefined for text that is no JSON. */
function parseJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
