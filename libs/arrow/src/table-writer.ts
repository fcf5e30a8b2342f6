import {
  Bool,
  DateDay,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampNanosecond,
  Utf8,
  makeData,
  makeVector,
  vectorFromArray,
  type Data,
  type DataType,
} from 'apache-arrow';
import {
  NULL_DATE,
  type ArrowField,
  type ArrowFormat,
  type ArrowMessage,
  type ArrowTable,
  type ArrowValues,
} from '@tickwell/ports';
import { encapsulated, messagesOf, type KindOfMessage } from './ipc-messages.ts';
import { pandasMetadata } from './pandas-metadata.ts';

/** Arrow by the library apache-arrow. */
export const arrowFormat: ArrowFormat = {
  table: (fields, options) => new TableWriter(fields, options?.index),
};

const INDEX_TYPE = new Int32();

function typeOf({ type }: ArrowField, at: number): DataType {
  switch (type) {
    case 'time':
      return new TimestampNanosecond('UTC');
    case 'date':
      return new DateDay();
    case 'long':
      return new Int64();
    case 'double':
      return new Float64();
    case 'text':
      return new Utf8();
    case 'category':
      // Numbered, so that the dictionaries of all batches are the same column's.
      return new Dictionary(new Utf8(), INDEX_TYPE, at);
    case 'boolean':
      return new Bool();
  }
}

class TableWriter implements ArrowTable {
  readonly schema: ArrowMessage;
  readonly encapsulatedSchema: Uint8Array;
  readonly #fields: readonly ArrowField[];
  readonly #arrowSchema: Schema;
  /** What the reader has of each category. */
  readonly #known = new Map<number, string | undefined>();

  constructor(fields: readonly ArrowField[], index: string | undefined) {
    this.#fields = fields;
    const metadata = index === undefined ? undefined : pandasMetadata(fields, index);
    this.#arrowSchema = new Schema(
      fields.map((field, at) => new Field(field.name, typeOf(field, at), field.nullable ?? false)),
      metadata,
    );
    const [schema] = this.#messages([]);
    if (schema === undefined) throw new Error('Arrow wrote no schema');
    this.schema = schema;
    this.encapsulatedSchema = encapsulated(schema);
  }

  batch(rows: number, columns: readonly ArrowValues[]): readonly ArrowMessage[] {
    const children = this.#fields.map((field, at) => dataOf(field, typeOf(field, at), rows, columns[at]));
    const type = new Struct(this.#arrowSchema.fields);
    const batch = new RecordBatch(
      this.#arrowSchema,
      makeData({ type, length: rows, nullCount: 0, children }),
    );
    const messages = this.#messages([batch]).filter(({ kind }) => kind !== 'schema');
    // A batch has a dictionary for each category, in the order of columns; what the reader has already does not travel.
    const categories = this.#fields.flatMap(({ type: one }, at) => (one === 'category' ? [at] : []));
    return messages.filter(({ kind }) => {
      if (kind !== 'dictionary') return true;
      const at = categories.shift() ?? -1;
      const value = columns[at];
      const text = typeof value === 'string' ? value : undefined;
      const isKnown = this.#known.has(at) && this.#known.get(at) === text;
      this.#known.set(at, text);
      return !isKnown;
    });
  }

  #messages(batches: readonly RecordBatch[]): readonly KindOfMessage[] {
    const writer = new RecordBatchStreamWriter();
    writer.reset(undefined, this.#arrowSchema);
    for (const batch of batches) writer.write(batch);
    writer.finish();
    return [...messagesOf(writer.toUint8Array(true))];
  }
}

function dataOf(field: ArrowField, type: DataType, rows: number, values: ArrowValues): Data {
  if (values === undefined) return nulls(type, rows);
  if (type instanceof Dictionary) {
    if (typeof values !== 'string') throw new TypeError(`${field.name} is a category: one text for all rows`);
    return makeData({
      type,
      length: rows,
      nullCount: 0,
      data: new Int32Array(rows),
      dictionary: vectorFromArray([values], new Utf8()),
    });
  }
  if (values instanceof Float64Array && field.nullable === true)
    return nullable(new Float64(), values, Number.isNaN);
  if (values instanceof Int32Array && field.nullable === true)
    return nullable(new DateDay(), values, (value) => value === NULL_DATE);
  if (ArrayBuffer.isView(values)) return memory(field, type, values);
  if (typeof values === 'string') throw new TypeError(`${field.name} is no category: a text for each row`);
  return whole(vectorFromArray([...values], type).data);
}

/** A column that is its memory. */
function memory(field: ArrowField, type: DataType, values: Float64Array | BigInt64Array | Int32Array): Data {
  const common = { length: values.length, nullCount: 0 };
  if (values instanceof Float64Array && type instanceof Float64)
    return makeData({ ...common, type, data: values });
  if (values instanceof Int32Array && type instanceof DateDay)
    return makeData({ ...common, type, data: values });
  if (values instanceof BigInt64Array && type instanceof Int64)
    return makeData({ ...common, type, data: values });
  if (values instanceof BigInt64Array && type instanceof TimestampNanosecond)
    return makeData({ ...common, type, data: values });
  throw new TypeError(`${field.name} is of ${field.type}, and its values are not`);
}

function whole(chunks: readonly Data[]): Data {
  const [only] = chunks;
  if (only === undefined || chunks.length !== 1) throw new Error('a column of one batch is one chunk');
  return only;
}

/** Without any null, no bitmap. */
function nullable<T extends Float64 | DateDay>(
  type: T,
  values: T['TArray'],
  isNull: (value: number) => boolean,
): Data {
  const bitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  for (const [row, value] of values.entries()) {
    if (isNull(value)) nullCount += 1;
    else bitmap[row >> 3] = (bitmap[row >> 3] ?? 0) | (1 << (row & 7));
  }
  const common = { type, length: values.length, nullCount, data: values };
  return makeData(nullCount === 0 ? common : { ...common, nullBitmap: bitmap });
}

function nulls(type: DataType, rows: number): Data {
  const common = { length: rows, nullCount: rows, nullBitmap: new Uint8Array(Math.ceil(rows / 8)) };
  if (type instanceof Dictionary)
    return makeData({
      ...common,
      type,
      data: new Int32Array(rows),
      dictionary: makeVector(whole(vectorFromArray(['']).data)),
    });
  return whole(vectorFromArray(new Array<null>(rows).fill(null), type).data);
}
