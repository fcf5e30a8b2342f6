import {
  Field,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  makeData,
  tableFromIPC,
  type Data,
  type DataType,
  type Table,
} from 'apache-arrow';
import type { ArrowMessage } from '@tickwell/ports';
import { messagesOf } from '../ipc-messages.ts';
import { typeName, type Columns } from './type-names.ts';
import { allNull, widened } from './widen.ts';

/** Dictionaries and batches of a stream's rows, brought to a schema: its columns in its order, wider where it is wider, null where the rows have none. */
export function conformed(stream: Uint8Array, wanted: Schema<Columns>): readonly ArrowMessage[] {
  const messages = [...messagesOf(stream)];
  const table = tableFromIPC<Columns>(stream);
  if (isSame(table.schema, wanted)) return messages.filter(({ kind }) => kind !== 'schema');
  return [...messagesOf(rewritten(table, wanted))].filter(({ kind }) => kind !== 'schema');
}

function isSame(own: Schema<Columns>, wanted: Schema<Columns>): boolean {
  return (
    own.fields.length === wanted.fields.length &&
    own.fields.every(({ name, type }, at) => {
      const other = wanted.fields[at];
      return other !== undefined && name === other.name && typeName(type) === typeName(other.type);
    })
  );
}

function rewritten(table: Table<Columns>, wanted: Schema<Columns>): Uint8Array {
  // Nulls may come in wherever a column is filled up.
  const schema = new Schema<Columns>(
    wanted.fields.map(({ name, type, metadata }) => new Field(name, type, true, metadata)),
    wanted.metadata,
  );
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const batch of table.batches) {
    const children = schema.fields.map(({ name, type }) => column(batch, name, type));
    const data = makeData({ type: new Struct(schema.fields), length: batch.numRows, nullCount: 0, children });
    writer.write(new RecordBatch(schema, data));
  }
  writer.finish();
  return writer.toUint8Array(true);
}

function column(batch: RecordBatch<Columns>, name: string, type: DataType): Data {
  const data = batch.getChild(name)?.data[0];
  if (data === undefined) return allNull(type, batch.numRows);
  return typeName(data.type) === typeName(type) ? data : widened(data, type);
}
