import { tableFromIPC, type Table, type Vector } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { storeUnavailable } from './errors.ts';
import type { FixedTexts } from './series-select.ts';
import { NULL_LONG, Page, type PageColumn, type SelectColumn } from './page.ts';

/** Arrow's own default is 1,024: a page is to be a few batches. */
const BATCH_ROWS = 1 << 20;

/** A whole Parquet file, with the columns that did not travel (`fixed`) added. QuestDB breaks off a failing export after status 200: a file without its end is told from a good one. */
export function pageFromParquet(select: readonly SelectColumn[], fixed: FixedTexts, bytes: Uint8Array): Page {
  const table = arrowTable(bytes);
  const columns = new Map<string, PageColumn>();
  for (const column of select) {
    const { name } = column;
    if (fixed.has(name)) continue;
    const vector = table.getChild(name);
    if (vector === null) throw storeUnavailable(`an export has no column ${name}`);
    columns.set(name, columnOf(column, vector));
  }
  return new Page(table.numRows, columns, fixed);
}

function arrowTable(bytes: Uint8Array): Table {
  try {
    return tableFromIPC(readParquet(bytes, { batchSize: BATCH_ROWS }).intoIPCStream());
  } catch (error) {
    throw storeUnavailable('an export is not a whole Parquet file', error);
  }
}

/** What is used of Arrow's `Data`, whose buffers are typed as anything. */
interface ColumnData {
  readonly length: number;
  readonly nullCount: number;
  readonly values: unknown;
  readonly valueOffsets: unknown;
  getValid(row: number): boolean;
}

function columnOf({ name, type, nullIs = NULL_LONG }: SelectColumn, vector: Vector): PageColumn {
  switch (type) {
    case 'time':
    case 'long':
      return { type: 'long', values: longsOf(name, vector, nullIs) };
    case 'double':
      return { type, values: doublesOf(name, vector) };
    case 'symbol':
      return { type, values: textsOf(name, vector) };
    case 'boolean':
      return { type, values: Array.from({ length: vector.length }, (_, row) => vector.get(row) === true) };
  }
}

function longsOf(name: string, vector: Vector, nullIs: bigint): BigInt64Array {
  return joined(vector, new BigInt64Array(vector.length), nullIs, ({ values }) =>
    values instanceof BigInt64Array ? values : wrongType(name),
  );
}

function doublesOf(name: string, vector: Vector): Float64Array {
  return joined(vector, new Float64Array(vector.length), Number.NaN, ({ values }) =>
    values instanceof Float64Array ? values : wrongType(name),
  );
}

interface TypedArray<T, A> {
  [row: number]: T;
  readonly length: number;
  set(values: ArrayLike<T>, at: number): void;
  subarray(from: number, to: number): A;
}

/** The values of all batches, with nulls as something that a typed array can hold. A single batch without nulls is not copied. */
function joined<T, A extends TypedArray<T, A>>(
  vector: Vector,
  whole: A,
  nullValue: T,
  valuesOf: (data: ColumnData) => A,
): A {
  const batches: readonly ColumnData[] = vector.data;
  const [only] = batches;
  if (batches.length === 1 && only?.nullCount === 0) {
    const values = valuesOf(only);
    if (values.length === only.length) return values;
  }
  let at = 0;
  for (const data of batches) {
    whole.set(valuesOf(data).subarray(0, data.length), at);
    if (data.nullCount > 0)
      for (let row = 0; row < data.length; row += 1) if (!data.getValid(row)) whole[at + row] = nullValue;
    at += data.length;
  }
  return whole;
}

/** Texts of a symbol column repeat: one that is the same as that of the row before is not decoded again. */
function textsOf(name: string, vector: Vector): (string | null)[] {
  const texts: (string | null)[] = [];
  const known = new Map<string, string>();
  const batches: readonly ColumnData[] = vector.data;
  for (const data of batches) {
    const { values, valueOffsets: offsets } = data;
    if (!(values instanceof Uint8Array) || !(offsets instanceof Int32Array)) return wrongType(name);
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    let [lastFrom, lastTo, last] = [0, 0, ''];
    for (let row = 0; row < data.length; row += 1) {
      if (data.nullCount > 0 && !data.getValid(row)) {
        texts.push(null);
        continue;
      }
      const [from = 0, to = 0] = [offsets[row], offsets[row + 1]];
      if (!isSame(bytes, from, to, lastFrom, lastTo)) {
        const text = bytes.toString('utf8', from, to);
        // One string for all equal ones keeps a page of many small.
        last = known.get(text) ?? text;
        known.set(last, last);
        [lastFrom, lastTo] = [from, to];
      }
      texts.push(last);
    }
  }
  return texts;
}

function isSame(bytes: Buffer, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  const length = to - from;
  if (length !== otherTo - otherFrom) return false;
  for (let at = 0; at < length; at += 1) if (bytes[from + at] !== bytes[otherFrom + at]) return false;
  return true;
}

function wrongType(name: string): never {
  throw storeUnavailable(`an export has column ${name} as another type`);
}
