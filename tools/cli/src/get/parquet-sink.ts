import { fileWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer';
import type { CellValue, ColumnType, DataChunk, DataColumn } from './rows.ts';
import type { DataSink } from './text-sinks.ts';

/** Rows of one row group: all that is ever held of an answer. */
const GROUP_ROWS = 65_536;

/** A Parquet file, times as TIMESTAMP(NANOS, UTC), missing values as nulls. An answer without rows is a file without columns. */
export function parquetSink(path: string): DataSink {
  let writer: ParquetWriter | undefined;
  let waiting: DataChunk[] = [];
  let waitingRows = 0;
  const flush = async (): Promise<void> => {
    const [first] = waiting;
    if (first === undefined) return;
    writer ??= new ParquetWriter({ writer: fileWriter(path), schema: schemaOf(first.columns) });
    const columnData = first.columns.map((column, at) => source(column, waiting, at));
    waiting = [];
    waitingRows = 0;
    await writer.write({ columnData, rowGroupSize: GROUP_ROWS });
  };
  return {
    async write(chunk) {
      waiting.push(chunk);
      waitingRows += chunk.rows;
      if (waitingRows >= GROUP_ROWS) await flush();
    },
    async end() {
      await flush();
      writer ??= new ParquetWriter({ writer: fileWriter(path), schema: schemaOf([]) });
      await writer.finish();
    },
  };
}

function schemaOf(columns: readonly DataColumn[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type }) => element(name, type)),
  ];
}

function element(name: string, type: ColumnType): SchemaElement {
  const base = { name, repetition_type: 'OPTIONAL' as const };
  switch (type) {
    case 'time':
      return {
        name,
        repetition_type: 'REQUIRED',
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' },
      };
    case 'double':
      return { ...base, type: 'DOUBLE' };
    case 'long':
      return { ...base, type: 'INT64' };
    case 'flag':
      return { ...base, type: 'BOOLEAN' };
    case 'text':
      return { ...base, type: 'BYTE_ARRAY', converted_type: 'UTF8' };
  }
}

function source({ name, type }: DataColumn, chunks: readonly DataChunk[], at: number): ColumnSource {
  const data = chunks.flatMap((chunk) =>
    (chunk.columns[at]?.values ?? []).map((value) => stored(value, type)),
  );
  return { name, data };
}

/** NaN says "no value" here as in the schema; longs are bigint in Parquet. */
function stored(value: CellValue, type: ColumnType): CellValue {
  if (value === null || Number.isNaN(value)) return null;
  return type === 'long' && typeof value === 'number' ? BigInt(value) : value;
}
