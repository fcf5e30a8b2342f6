import type { TextRow } from './pg-client.ts';

/** `time` is a timestamp, in nanoseconds. */
type PageType = 'time' | 'long' | 'double' | 'symbol' | 'boolean';

/** One column of a select: `sql` is an expression over the table, written by us. */
export interface SelectColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: PageType;
  /** What a long that is null reads; {@link NULL_LONG} unless told. */
  readonly nullIs?: bigint;
}

/** A long that is null, as QuestDB stores it. */
export const NULL_LONG = -(2n ** 63n);

export type PageColumn =
  | { readonly type: 'long'; readonly values: BigInt64Array }
  | { readonly type: 'double'; readonly values: Float64Array }
  | { readonly type: 'symbol'; readonly values: readonly (string | null)[] }
  | { readonly type: 'boolean'; readonly values: readonly boolean[] };

/** Rows of a select, as columns. */
export class Page {
  readonly length: number;
  readonly #columns: Map<string, PageColumn>;
  readonly #fixed: ReadonlyMap<string, string | null>;

  /** `fixed`: by name, the symbol columns that are known to have one text in all rows; they need not be among the columns. */
  constructor(
    length: number,
    columns: ReadonlyMap<string, PageColumn>,
    fixed: ReadonlyMap<string, string | null> = new Map(),
  ) {
    this.length = length;
    this.#columns = new Map(columns);
    this.#fixed = fixed;
  }

  /** The text that all rows are known to have, null being one; undefined: they may differ. */
  fixedText(name: string): string | null | undefined {
    return this.#fixed.get(name);
  }

  /** Of one row. */
  text(name: string, row: number): string | null {
    const fixed = this.#fixed.get(name);
    return fixed === undefined ? (this.texts(name)[row] ?? null) : fixed;
  }

  /** Of some symbol columns those that rows may differ in. */
  varying(...names: readonly string[]): readonly (readonly (string | null)[])[] {
    return names.filter((name) => !this.#fixed.has(name)).map((name) => this.texts(name));
  }

  /** Times in ns, and longs. */
  longs(name: string): BigInt64Array {
    const column = this.#columns.get(name);
    return column?.type === 'long' ? column.values : missing(name);
  }

  /** NaN where there is none. */
  doubles(name: string): Float64Array {
    const column = this.#columns.get(name);
    return column?.type === 'double' ? column.values : missing(name);
  }

  texts(name: string): readonly (string | null)[] {
    const fixed = this.#fixed.get(name);
    // Made when it is asked for: a page has as many of these as it has symbol columns, and most are never looked at row by row.
    if (fixed !== undefined && !this.#columns.has(name))
      this.#columns.set(name, { type: 'symbol', values: new Array<string | null>(this.length).fill(fixed) });
    const column = this.#columns.get(name);
    return column?.type === 'symbol' ? column.values : missing(name);
  }

  flags(name: string): readonly boolean[] {
    const column = this.#columns.get(name);
    return column?.type === 'boolean' ? column.values : missing(name);
  }
}

function missing(name: string): never {
  throw new RangeError(`the page has no column ${name} of that type`);
}

/** Rows of the pg wire: every value is text. */
export function pageFromText(select: readonly SelectColumn[], rows: readonly TextRow[]): Page {
  const columns = new Map<string, PageColumn>();
  select.forEach((column, at) => {
    columns.set(column.name, textColumn(column, rows, at));
  });
  return new Page(rows.length, columns);
}

function textColumn(
  { type, nullIs = NULL_LONG }: SelectColumn,
  rows: readonly TextRow[],
  at: number,
): PageColumn {
  const textOf = (row: TextRow): string | null => row[at] ?? null;
  switch (type) {
    case 'time':
    case 'long': {
      const values = BigInt64Array.from(rows, (row) => {
        const text = textOf(row);
        return text === null ? nullIs : BigInt(text);
      });
      return { type: 'long', values };
    }
    case 'double': {
      const values = Float64Array.from(rows, (row) => {
        const text = textOf(row);
        return text === null ? Number.NaN : Number(text);
      });
      return { type, values };
    }
    case 'symbol':
      return { type, values: rows.map(textOf) };
    case 'boolean':
      return { type, values: rows.map((row) => textOf(row) === 't' || textOf(row) === 'true') };
  }
}
