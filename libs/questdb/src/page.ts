import type { AsyncBuffer } from 'hyparquet';
import { parquetMetadata, parquetRead } from 'hyparquet';
import { storeUnavailable } from './errors.ts';
import type { TextRow } from './pg-client.ts';

type PageType = 'long' | 'double' | 'symbol' | 'boolean';

/** One column of a select: `sql` is an expression over the table, written by us. */
export interface SelectColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: PageType;
}

/** Rows of a select, as columns. */
export class Page {
  readonly length: number;
  readonly #columns: ReadonlyMap<string, PageColumn>;

  constructor(length: number, columns: ReadonlyMap<string, PageColumn>) {
    this.length = length;
    this.#columns = columns;
  }

  longs(name: string): readonly (bigint | null)[] {
    const column = this.#columns.get(name);
    return column?.type === 'long' ? column.values : missing(name);
  }

  doubles(name: string): readonly (number | null)[] {
    const column = this.#columns.get(name);
    return column?.type === 'double' ? column.values : missing(name);
  }

  texts(name: string): readonly (string | null)[] {
    const column = this.#columns.get(name);
    return column?.type === 'symbol' ? column.values : missing(name);
  }

  flags(name: string): readonly boolean[] {
    const column = this.#columns.get(name);
    return column?.type === 'boolean' ? column.values : missing(name);
  }
}

export type PageColumn =
  | { readonly type: 'long'; readonly values: (bigint | null)[] }
  | { readonly type: 'double'; readonly values: (number | null)[] }
  | { readonly type: 'symbol'; readonly values: (string | null)[] }
  | { readonly type: 'boolean'; readonly values: boolean[] };

function missing(name: string): never {
  throw new RangeError(`the page has no column ${name} of that type`);
}

/** Rows of the pg wire: every value is text. */
export function pageFromText(select: readonly SelectColumn[], rows: readonly TextRow[]): Page {
  const columns = new Map<string, PageColumn>();
  select.forEach((column, at) => {
    const texts = rows.map((row) => row[at] ?? null);
    columns.set(column.name, textColumn(column.type, texts));
  });
  return new Page(rows.length, columns);
}

function textColumn(type: PageType, texts: (string | null)[]): PageColumn {
  switch (type) {
    case 'long':
      return { type, values: texts.map((text) => (text === null ? null : BigInt(text))) };
    case 'double':
      return { type, values: texts.map((text) => (text === null ? null : Number(text))) };
    case 'symbol':
      return { type, values: texts };
    case 'boolean':
      return { type, values: texts.map((text) => text === 't' || text === 'true') };
  }
}

/** A whole Parquet file. QuestDB breaks off a failing export after status 200: a file without its end is told from a good one. */
export async function pageFromParquet(select: readonly SelectColumn[], bytes: Uint8Array): Promise<Page> {
  const file = asyncBuffer(bytes);
  let length: number;
  const values = new Map<string, unknown[]>(select.map(({ name }) => [name, []]));
  try {
    const metadata = parquetMetadata(file.slice(0));
    length = Number(metadata.num_rows);
    await parquetRead({
      file,
      metadata,
      onChunk: ({ columnName, columnData }) => {
        const column = values.get(columnName);
        if (column !== undefined) for (const value of columnData) column.push(value);
      },
    });
  } catch (error) {
    throw storeUnavailable('an export is not a whole Parquet file', error);
  }
  const columns = new Map<string, PageColumn>();
  for (const { name, type } of select) {
    const column = valueColumn(type, values.get(name) ?? []);
    if (column.values.length !== length) {
      throw storeUnavailable(`an export has ${column.values.length} of ${length} values of column ${name}`);
    }
    columns.set(name, column);
  }
  return new Page(length, columns);
}

function valueColumn(type: PageType, values: readonly unknown[]): PageColumn {
  switch (type) {
    case 'long':
      return { type, values: values.map((value) => (typeof value === 'bigint' ? value : null)) };
    case 'double':
      return { type, values: values.map((value) => (typeof value === 'number' ? value : null)) };
    case 'symbol':
      return { type, values: values.map((value) => (typeof value === 'string' ? value : null)) };
    case 'boolean':
      return { type, values: values.map((value) => value === true) };
  }
}

function asyncBuffer(
  bytes: Uint8Array,
): Omit<AsyncBuffer, 'slice'> & { slice(start: number, end?: number): ArrayBuffer } {
  const whole = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(whole).set(bytes);
  return { byteLength: whole.byteLength, slice: (start, end) => whole.slice(start, end) };
}
