import { Message, MessageHeader, Schema, tableFromIPC, type DataType, type Field } from 'apache-arrow';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import type { ArrowMessage, FrameSchema } from '@tickwell/ports';
import { encapsulated } from '../ipc-messages.ts';
import { schemaBytes } from './schema-bytes.ts';
import { nsPerUnit } from './index-values.ts';
import { typeName, unkeepable, type Columns } from './type-names.ts';

/** The schema of an encapsulated message. Throws what Arrow throws of other bytes. */
export function arrowSchema(bytes: Uint8Array): Schema<Columns> {
  return tableFromIPC<Columns>(bytes).schema;
}

export function readFrameSchema({ header }: ArrowMessage): Result<FrameSchema, string> {
  const bytes = encapsulated({ header, body: [] });
  let schema: Schema<Columns>;
  try {
    if (Message.decode(header).headerType !== MessageHeader.Schema)
      return err('the first message is no Arrow schema: send that before the rows');
    schema = arrowSchema(bytes);
  } catch (error) {
    return err(`the first message is no Arrow schema: ${errorMessage(error)}`);
  }
  const kept = unkeepable(schema);
  return kept.ok ? ok(describe(schema, bytes)) : kept;
}

/** Some columns, in the order named; an index that is not among them is none. */
export function selectFrameColumns(
  bytes: Uint8Array,
  columns: readonly string[],
): Result<FrameSchema, string> {
  const schema = arrowSchema(bytes);
  const fields: Field<DataType>[] = [];
  for (const name of new Set(columns)) {
    const field = schema.fields.find((one) => one.name === name);
    if (field === undefined) {
      const known = schema.fields.slice(0, 20).map((one) => one.name);
      return err(`there is no column ${JSON.stringify(name.slice(0, 80))}: there are ${known.join(', ')}`);
    }
    fields.push(field);
  }
  const selected = new Schema<Columns>(fields, schema.metadata);
  return ok(describe(selected, schemaBytes(selected)));
}

function describe(schema: Schema<Columns>, bytes: Uint8Array): FrameSchema {
  return {
    fields: schema.fields.map(({ name, type, nullable }) => ({ name, type: typeName(type) ?? '', nullable })),
    index: pandasIndex(schema),
    encapsulated: bytes,
  };
}

/** The index that pandas wrote down, where it is one column of times. */
function pandasIndex(schema: Schema<Columns>): string | undefined {
  const text = schema.metadata.get('pandas');
  if (text === undefined) return undefined;
  const [first, ...more] = indexColumns(text);
  const field = schema.fields.find(({ name }) => name === first);
  if (field === undefined || more.length > 0 || nsPerUnit(field.type) === undefined) return undefined;
  return field.name;
}

/** Metadata is the user's: what cannot be read of it says nothing. */
function indexColumns(text: string): readonly unknown[] {
  let pandas: unknown;
  try {
    pandas = JSON.parse(text);
  } catch {
    return [];
  }
  if (typeof pandas !== 'object' || pandas === null || !('index_columns' in pandas)) return [];
  const columns = pandas.index_columns;
  return Array.isArray(columns) ? columns.map((column: unknown) => column) : [];
}
