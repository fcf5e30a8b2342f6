import { open } from 'node:fs/promises';
import { DataType, RecordBatchReader, TimeUnit, type RecordBatch, type Vector } from 'apache-arrow';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import type { Cell, TimeColumn } from '@tickwell/text';
import type { FileInput } from './input.ts';
import { FileFeedError } from './options.ts';
import { refuse } from './refusal.ts';
import { asCell, rowsOfCells, type RowBlock, type RowReader } from './rows.ts';

const BLOCK_ROWS = 4000;

/** Arrow IPC, file (Feather 2) or stream, batch by batch. Compressed buffers are not read. */
export async function openArrow(input: FileInput): Promise<Result<RowReader, FileFeedError>> {
  const broken = await checkFooter(input);
  if (broken !== undefined) return err(broken);
  try {
    const reader = await RecordBatchReader.from(input.bytes(new AbortController().signal));
    await reader.open();
    const columns = reader.schema.fields.map((field) => field.name);
    const timeColumns = new Map<number, TimeColumn>();
    for (const [index, field] of reader.schema.fields.entries()) {
      if (DataType.isTimestamp(field.type))
        timeColumns.set(
          index,
          field.type.timezone === null || field.type.timezone === undefined ? 'wall' : 'instant',
        );
      else if (DataType.isDate(field.type)) timeColumns.set(index, 'wall');
    }
    await reader.cancel();
    return ok({
      columns,
      timeColumns,
      unit: 'row',
      leadingLines: 0,
      blocks: (signal): AsyncIterable<RowBlock> => readBatches(input, columns, signal),
    });
  } catch (cause) {
    return err(
      new FileFeedError(
        'file-corrupt',
        `${input.name}: not Arrow IPC, or broken (${errorMessage(cause)})`,
        cause,
      ),
    );
  }
}

/** The file format ends with its magic bytes; without them it was cut. */
async function checkFooter(input: FileInput): Promise<FileFeedError | undefined> {
  if (input.head.subarray(0, 6).toString('latin1') !== 'ARROW1' || input.localPath === undefined)
    return undefined;
  const file = await open(input.localPath);
  try {
    const { buffer } = await file.read(Buffer.alloc(6), 0, 6, Math.max(0, input.sizeBytes - 6));
    if (buffer.toString('latin1') === 'ARROW1') return undefined;
    return new FileFeedError(
      'file-corrupt',
      `${input.name}: the footer of the Arrow file is missing; is it cut off? Fetch it again`,
    );
  } finally {
    await file.close();
  }
}

async function* readBatches(
  input: FileInput,
  columns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<RowBlock> {
  let first = 1;
  try {
    const reader = await RecordBatchReader.from(input.bytes(signal));
    for await (const batch of reader) {
      for (let at = 0; at < batch.numRows && !signal.aborted; at += BLOCK_ROWS) {
        const rows = cellsOf(batch, at, Math.min(at + BLOCK_ROWS, batch.numRows));
        yield rowsOfCells(columns, rows, first + at);
      }
      first += batch.numRows;
    }
  } catch (cause) {
    if (signal.aborted) return;
    const reason = `${input.name}: after row ${first - 1} the stream cannot be read (${errorMessage(cause)}); everything before it was: fetch it again`;
    const refused = refuse({ rule: 'file-truncated', reason, position: first }, new Uint8Array());
    yield { rows: [], refused: [refused], lastPosition: first };
  }
}

function cellsOf(batch: RecordBatch, start: number, end: number): readonly (readonly Cell[])[] {
  const vectors = batch.schema.fields.map((_, index) => batch.getChildAt(index));
  const rows: Cell[][] = [];
  for (let at = start; at < end; at++) {
    rows.push(vectors.map((vector) => (vector === null ? null : cellAt(vector, at))));
  }
  return rows;
}

/** Times as bigint ns: the vector's own getter cuts them to a millisecond. */
function cellAt(vector: Vector, at: number): Cell {
  const type = vector.type as DataType;
  if (!vector.isValid(at)) return null;
  if (DataType.isTimestamp(type)) return rawTime(vector, at) * NS_PER_UNIT[type.unit];
  if (DataType.isDate(type)) return BigInt(Number(asCell(vector.get(at)))) * 1_000_000n;
  return asCell(vector.get(at));
}

const NS_PER_UNIT: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1_000_000_000n,
  [TimeUnit.MILLISECOND]: 1_000_000n,
  [TimeUnit.MICROSECOND]: 1000n,
  [TimeUnit.NANOSECOND]: 1n,
};

function rawTime(vector: Vector, at: number): bigint {
  let offset = at;
  for (const data of vector.data) {
    if (offset < data.length) {
      const values: unknown = data.values;
      if (values instanceof BigInt64Array) return values[offset] ?? 0n;
      if (values instanceof Int32Array) {
        // Two 32-bit words, low first.
        const low = BigInt((values[2 * offset] ?? 0) >>> 0);
        return (BigInt(values[2 * offset + 1] ?? 0) << 32n) | low;
      }
      throw new TypeError('an Arrow timestamp column that is no 64-bit integers');
    }
    offset -= data.length;
  }
  throw new RangeError(`row ${at} of an Arrow column of ${vector.length}`);
}
