/** One message of Arrow's IPC format (https://arrow.apache.org/docs/format/Columnar.html): a flatbuffer, and what follows each other in its body. */
export interface ArrowMessage {
  readonly header: Uint8Array;
  readonly body: readonly Uint8Array[];
}

/**
 * `time`: timestamp[ns, UTC]; `date`: date32, days since 1970; `category`: a text that many rows have alike (dictionary<int32, utf8>).
 */
export type ArrowFieldType = 'time' | 'date' | 'long' | 'double' | 'text' | 'category' | 'boolean';

export interface ArrowField {
  readonly name: string;
  readonly type: ArrowFieldType;
  /** NaN of a double is then a null, and {@link NULL_DATE} of a date. */
  readonly nullable?: boolean;
}

/** Stands for a null among dates. */
export const NULL_DATE = -(2 ** 31);

/** Values of a field in some rows: of `time` and `long` bigints, of `date` and `double` numbers; one text for a `category` of all rows; undefined: null in every row. */
export type ArrowValues =
  BigInt64Array | Float64Array | Int32Array | readonly string[] | readonly boolean[] | string | undefined;

/** Makes the messages of one stream of one table. */
export interface ArrowTable {
  readonly schema: ArrowMessage;
  /** The schema with its length before it, as Flight's SchemaResult has it. */
  readonly encapsulatedSchema: Uint8Array;
  /** Messages of a batch of rows, in order: what of its dictionaries the reader does not have, then the rows. */
  batch(rows: number, columns: readonly ArrowValues[]): readonly ArrowMessage[];
}

export interface ArrowFormat {
  /** `index`: the column that pandas takes for the index of the frame. */
  table(fields: readonly ArrowField[], options?: { readonly index?: string }): ArrowTable;
}
