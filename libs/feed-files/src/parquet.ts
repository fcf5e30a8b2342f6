import { err, errorMessage, ok, TickwellError, type Result } from '@tickwell/domain';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  type AsyncBuffer,
  type FileMetaData,
  type ParquetParsers,
  type SchemaElement,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { TimeColumn } from '@tickwell/text';
import type { FileInput } from './input.ts';
import { FileFeedError } from './options.ts';
import { beginning, isParquet } from './sniff.ts';
import { asCell, rowsOfCells, type RowBlock, type RowReader } from './rows.ts';

/** A row group is decoded as a whole. */
const MAX_GROUP_ROWS = 8_000_000;
const BLOCK_ROWS = 4000;
const NS_PER_DAY = 86_400_000_000_000n;

/** Times as bigint ns, exact; the library's own parsers cut them to a millisecond. */
const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (ms) => ms * 1_000_000n,
  timestampFromMicroseconds: (us) => us * 1000n,
  timestampFromNanoseconds: (ns) => ns,
  dateFromDays: (days) => BigInt(days) * NS_PER_DAY,
};

/** Parquet with flat columns, row group by row group. */
export async function openParquet(input: FileInput): Promise<Result<RowReader, FileFeedError>> {
  if (input.localPath === undefined) {
    return err(
      new FileFeedError(
        'file-format',
        `${input.name}: Parquet cannot be read inside an archive or gzip: unpack it first`,
      ),
    );
  }
  if (!isParquet(input.head)) {
    return err(
      new FileFeedError(
        'file-format',
        `${input.name}: not a Parquet file (it begins with ${beginning(input.head)}, not "PAR1"): fetch it again, or say another format`,
      ),
    );
  }
  let file: AsyncBuffer;
  let metadata: FileMetaData;
  try {
    file = await asyncBufferFromFile(input.localPath);
    metadata = await parquetMetadataAsync(file, { parsers: PARSERS });
  } catch (cause) {
    return err(
      new FileFeedError(
        'file-corrupt',
        `${input.name}: the footer of the Parquet file is missing or broken (${errorMessage(cause)}); is it cut off? Fetch it again`,
        cause,
      ),
    );
  }
  const largest = Math.max(0, ...metadata.row_groups.map((group) => Number(group.num_rows)));
  if (largest > MAX_GROUP_ROWS) {
    return err(
      new FileFeedError(
        'file-too-large',
        `${input.name}: a row group of ${largest} rows; at most ${MAX_GROUP_ROWS} are read: write it with smaller row groups`,
      ),
    );
  }
  const elements = metadata.schema.slice(1);
  if (elements.some((element) => (element.num_children ?? 0) > 0)) {
    return err(
      new FileFeedError(
        'file-format',
        `${input.name}: the Parquet file has nested columns; only flat ones are read`,
      ),
    );
  }
  const columns = elements.map((element) => element.name);
  return ok({
    columns,
    timeColumns: timeColumns(elements),
    unit: 'row',
    leadingLines: 0,
    blocks: (signal): AsyncIterable<RowBlock> => readGroups(input.name, file, metadata, columns, signal),
  });
}

function timeColumns(elements: readonly SchemaElement[]): ReadonlyMap<number, TimeColumn> {
  const times = new Map<number, TimeColumn>();
  for (const [index, { converted_type: converted, logical_type: logical, type }] of elements.entries()) {
    if (logical?.type === 'TIMESTAMP') times.set(index, logical.isAdjustedToUTC ? 'instant' : 'wall');
    else if (converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS')
      times.set(index, 'instant');
    else if (logical?.type === 'DATE' || converted === 'DATE' || type === 'INT96') times.set(index, 'wall');
  }
  return times;
}

async function* readGroups(
  name: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<RowBlock> {
  let first = 0;
  for (const group of metadata.row_groups) {
    if (signal.aborted) return;
    const end = first + Number(group.num_rows);
    const rows = await readRows(name, file, metadata, first, end);
    for (let at = 0; at < rows.length; at += BLOCK_ROWS) {
      yield rowsOfCells(
        columns,
        rows.slice(at, at + BLOCK_ROWS).map((row) => row.map(asCell)),
        first + at + 1,
      );
    }
    first = end;
  }
}

async function readRows(
  name: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  rowStart: number,
  rowEnd: number,
): Promise<readonly (readonly unknown[])[]> {
  let read: readonly (readonly unknown[])[] = [];
  try {
    await parquetRead({
      file,
      metadata,
      compressors,
      parsers: PARSERS,
      rowFormat: 'array',
      rowStart,
      rowEnd,
      onComplete: (rows) => {
        read = rows;
      },
    });
  } catch (cause) {
    throw new TickwellError(
      'file-corrupt',
      `${name}: rows ${rowStart + 1} to ${rowEnd} cannot be read (${errorMessage(cause)})`,
      { cause },
    );
  }
  return read;
}
