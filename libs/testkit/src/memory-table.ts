import type { TableSpec } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { RowColumn, TableRows } from '@tickwell/ports';

export type Cell = bigint | number | string | boolean | null;
export type MemoryRow = ReadonlyMap<string, Cell>;

/** The limits of the real store (questdb-semantics.md), so that a test meets the same refusals. */
const MAX_TIMESTAMP_NS = 9_214_646_399_999_999_999n;
const MIN_LONG = -(2n ** 63n);

/** One table in memory: rows by identity, the last write of an identity wins as a whole. */
export class MemoryTable {
  readonly spec: TableSpec;
  readonly #rows = new Map<string, MemoryRow>();

  constructor(spec: TableSpec) {
    this.spec = spec;
  }

  /** Checked rows, to be put once every part of a transaction is good. */
  parse(part: TableRows): readonly MemoryRow[] {
    for (const column of part.columns) this.#checkColumn(column, part.timestampNs.length);
    return part.timestampNs.map((timeNs, index) => {
      if (timeNs < 0n || timeNs > MAX_TIMESTAMP_NS)
        this.#refuse(this.spec.timestamp, `cannot hold the time ${timeNs}`);
      const row = new Map<string, Cell>([[this.spec.timestamp, timeNs]]);
      for (const column of part.columns) {
        const value = cellOf(column, index);
        if (value !== null) row.set(column.name, value);
      }
      return row;
    });
  }

  put(rows: readonly MemoryRow[]): void {
    const keys = [this.spec.timestamp, ...this.spec.dedupKeys];
    for (const row of rows)
      this.#rows.set(JSON.stringify(keys.map((key) => identityPart(row.get(key)))), row);
  }

  /** All rows, in the order of their identities' first write. */
  rows(): readonly MemoryRow[] {
    return [...this.#rows.values()];
  }

  #checkColumn(column: RowColumn, rows: number): void {
    const wanted = this.spec.columns[column.name];
    if (wanted !== column.type)
      this.#refuse(column.name, `is ${column.type}, the catalogue says ${wanted ?? 'nothing'}`);
    if (Array.isArray(column.values) && column.values.length !== rows) {
      this.#refuse(column.name, `has ${column.values.length} values for ${rows} rows`);
    }
    for (let index = 0; index < rows; index += 1) {
      if (!isStorable(column.type, cellOf(column, index)))
        this.#refuse(column.name, 'holds a value the store would change');
    }
  }

  #refuse(column: string, reason: string): never {
    throw new TickwellError('rows-refused', `table ${this.spec.name}: column ${column} ${reason}`);
  }
}

function identityPart(value: Cell | undefined): string | null {
  return value === undefined || value === null ? null : String(value);
}

function cellOf(column: RowColumn, index: number): Cell {
  const value: unknown = Array.isArray(column.values) ? column.values[index] : column.values;
  switch (typeof value) {
    case 'number':
      if (Number.isNaN(value)) return null;
      return column.type === 'long' && Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'bigint':
    case 'string':
    case 'boolean':
      return value;
    default:
      return null;
  }
}

function isStorable(type: RowColumn['type'], value: Cell): boolean {
  if (value === null) return true;
  if (type === 'double') return typeof value === 'number' && Number.isFinite(value);
  if (type === 'long') return typeof value === 'bigint' && value > MIN_LONG && value < -MIN_LONG;
  if (type === 'timestamp') return typeof value === 'bigint' && value >= 0n && value <= MAX_TIMESTAMP_NS;
  return true;
}

export function compare(a: Exclude<Cell, null>, b: Exclude<Cell, null>): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function long(row: MemoryRow | undefined, column: string): bigint {
  const value = row?.get(column);
  return typeof value === 'bigint' ? value : 0n;
}

export function text(row: MemoryRow | undefined, column: string): string {
  const value = row?.get(column);
  return typeof value === 'string' ? value : '';
}
