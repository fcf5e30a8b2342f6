import type { Result } from '@tickwell/domain';
import type { ArrowMessage } from './arrow.ts';

/** A column as schemas of frames are compared; `type` is Arrow's name for it: "int64", "timestamp[ns, UTC]", "dictionary<int8, utf8>". */
export interface FrameField {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

export interface FrameSchema {
  readonly fields: readonly FrameField[];
  /** The column that pandas says is the index, where that is a time; undefined: none. */
  readonly index: string | undefined;
  /** Arrow's schema with its length before it: key-value metadata and all. */
  readonly encapsulated: Uint8Array;
}

/** Rows of a frame as one Parquet file. Index values are ns since the epoch; both undefined: no index, or no row. */
export interface FrameRows {
  readonly parquet: Uint8Array;
  readonly rows: number;
  readonly minIndexNs: bigint | undefined;
  readonly maxIndexNs: bigint | undefined;
  /** Whether the index never goes back within these rows. */
  readonly sorted: boolean;
}

/** Divides what a client sends into Parquet files of bounded size. */
export interface FrameWriter {
  /** What became whole with this message, oldest first. An error is one sentence about what is wrong with it. */
  add(message: ArrowMessage): Result<readonly FrameRows[], string>;
  /** The rest. */
  finish(): Result<readonly FrameRows[], string>;
}

/** Both ends included, ns since the epoch. */
export interface IndexRange {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

export interface FrameSelection {
  /** The schema that the rows are brought to, encapsulated: its columns, and no others, in its order. */
  readonly schema: Uint8Array;
  /** With a range or masks. */
  readonly index: string | undefined;
  /** Rows within. */
  readonly range?: IndexRange;
  /** Rows within any of these are left out. */
  readonly masks?: readonly IndexRange[];
  /** Rows of what is left, by number. */
  readonly from?: number;
  readonly to?: number;
}

/** Arrow schemas and rows as frames are kept. */
export interface FrameFormat {
  /** The schema of a message; the error says which column cannot be kept, and why. */
  readSchema(message: ArrowMessage): Result<FrameSchema, string>;
  /** Some columns of a schema, in the order named; the error names one that is not there. */
  selectColumns(encapsulated: Uint8Array, columns: readonly string[]): Result<FrameSchema, string>;
  /** `index`: its values are looked at; undefined: the frame has none. */
  writer(schema: FrameSchema, index: string | undefined): FrameWriter;
  /** Dictionaries and batches of the rows of a file. */
  rowsOf(parquet: Uint8Array, selection: FrameSelection): readonly ArrowMessage[];
  /** What a stream begins with. */
  schemaMessage(encapsulated: Uint8Array): ArrowMessage;
}
