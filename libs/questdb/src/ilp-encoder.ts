import { err, ok, type Result } from '@tickwell/domain';
import type { ColumnType, TableSpec } from '@tickwell/contracts';
import type { RowColumn, TableRows } from '@tickwell/ports';
import { IlpBuffer } from './ilp-buffer.ts';

/** The greatest designated timestamp QuestDB takes (9.3.4 answers 400 above it and below 0). */
export const MAX_TIMESTAMP_NS = 9_214_646_399_999_999_999n;
/** The smallest long is QuestDB's null: storing it would change it without telling. */
const NULL_LONG = -(2n ** 63n);
/** Symbols repeat, so their escaped bytes are kept; a column of ever new ones must not grow the process. */
const MAX_CACHED_SYMBOLS = 8_192;

const COMMA = 0x2c;
const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const LETTER_I = 0x69;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LETTER_F = 0x66;
const BINARY_DOUBLE = 0x10;

/** Why rows will never be taken: which column, and which value. */
export interface RowRefusal {
  readonly column: string;
  readonly reason: string;
}

/** Writes field i of one column (after the separator); 0 when it was null and nothing was written. */
type FieldWriter = (buffer: IlpBuffer, index: number) => void;
interface RowField {
  readonly isNull: (index: number) => boolean;
  readonly write: FieldWriter;
}

interface RowPlan {
  /** Table and constant symbols. */
  readonly head: Uint8Array;
  readonly symbols: readonly { readonly name: Uint8Array; readonly values: readonly (string | null)[] }[];
  /** Constant fields with the space before them; empty where there are none. */
  readonly constants: Uint8Array;
  readonly fields: readonly RowField[];
  readonly constantCount: number;
}

/**
 * Encodes rows as the InfluxDB line protocol, version 2 of QuestDB's dialect (doubles are binary). Everything that is equal for
 * all rows of a batch is encoded once and copied. A value that QuestDB would refuse or change is refused before the first byte,
 * so that a request is good as a whole or not sent. Protocol: https://questdb.com/docs/reference/api/ilp/advanced-settings/
 */
export class IlpEncoder {
  readonly #spec: TableSpec;
  readonly #symbolBytes = new Map<string, Uint8Array>();
  /** Of the plan at hand: rows come in batches of one as well, and a plan that allocates costs more than its row. */
  readonly #head = new IlpBuffer(256);
  readonly #constants = new IlpBuffer(256);

  constructor(spec: TableSpec) {
    this.#spec = spec;
  }

  /** Appends the rows; on a refusal the buffer is as before. */
  append(rows: TableRows, buffer: IlpBuffer): Result<number, RowRefusal> {
    const start = buffer.position;
    const count = rows.timestampNs.length;
    if (count === 0) return ok(0);
    for (const column of rows.columns) {
      const refusal = checkColumn(this.#spec, column, count);
      if (refusal !== undefined) return err(refusal);
    }
    const plan = this.#plan(rows);
    for (let index = 0; index < count; index += 1) {
      const time = rows.timestampNs[index];
      if (time === undefined || time < 0n || time > MAX_TIMESTAMP_NS) {
        buffer.position = start;
        const reason = `row ${index} has the time ${time} ns: the store keeps 0 to ${MAX_TIMESTAMP_NS}`;
        return err({ column: this.#spec.timestamp, reason });
      }
      this.#appendRow(plan, index, time, buffer);
    }
    return ok(count);
  }

  #appendRow(plan: RowPlan, index: number, timeNs: bigint, buffer: IlpBuffer): void {
    buffer.ensure(plan.head.length + plan.constants.length + plan.constantCount + 64);
    buffer.writeBytes(plan.head);
    for (const { name, values } of plan.symbols) {
      const value = values[index];
      if (value === null || value === undefined) continue;
      const bytes = this.#symbol(value);
      buffer.ensure(name.length + bytes.length);
      buffer.writeBytes(name);
      buffer.writeBytes(bytes);
    }
    buffer.ensure(plan.constants.length);
    buffer.writeBytes(plan.constants);
    let separator = plan.constants.length === 0 ? SPACE : COMMA;
    for (const field of plan.fields) {
      if (field.isNull(index)) continue;
      buffer.ensure(1);
      buffer.writeByte(separator);
      separator = COMMA;
      field.write(buffer, index);
    }
    buffer.ensure(32);
    buffer.writeByte(SPACE);
    buffer.writeLong(timeNs);
    buffer.writeByte(LETTER_N);
    buffer.writeByte(NEWLINE);
  }

  #plan(rows: TableRows): RowPlan {
    const head = this.#head;
    const constants = this.#constants;
    head.reset();
    constants.reset();
    head.writeText(rows.table);
    const symbols: { name: Uint8Array; values: readonly (string | null)[] }[] = [];
    const fields: RowField[] = [];
    for (const column of rows.columns) {
      if (column.type === 'symbol') {
        const name = tagName(column.name);
        if (typeof column.values !== 'string') symbols.push({ name, values: column.values });
        else {
          head.ensure(name.length);
          head.writeBytes(name);
          const value = this.#symbol(column.values);
          head.ensure(value.length);
          head.writeBytes(value);
        }
        continue;
      }
      const field = fieldOf(column);
      if (Array.isArray(column.values)) fields.push(field);
      else if (!field.isNull(0)) {
        constants.ensure(1);
        constants.writeByte(constants.position === 0 ? SPACE : COMMA);
        field.write(constants, 0);
      }
    }
    return {
      head: head.written(),
      symbols,
      constants: constants.written(),
      fields,
      constantCount: rows.columns.length,
    };
  }

  #symbol(value: string): Uint8Array {
    const known = this.#symbolBytes.get(value);
    if (known !== undefined) return known;
    if (this.#symbolBytes.size >= MAX_CACHED_SYMBOLS) this.#symbolBytes.clear();
    const bytes = Buffer.from(escapeSymbol(value));
    this.#symbolBytes.set(value, bytes);
    return bytes;
  }
}

/** Names are those of the catalogue: as many as it has columns. */
const tagName = kept((name) => `,${name}=`);
const fieldName = kept((name) => `${name}=`);

function kept(text: (name: string) => string): (name: string) => Uint8Array {
  const known = new Map<string, Uint8Array>();
  return (name) => {
    let bytes = known.get(name);
    if (bytes === undefined) known.set(name, (bytes = Buffer.from(text(name))));
    return bytes;
  };
}

function escapeSymbol(value: string): string {
  return /[\s,=\\]/.test(value) ? value.replaceAll(/[ ,=\n\r\\]/g, '\\$&') : value;
}

function escapeText(value: string): string {
  return /["\n\r\\]/.test(value) ? value.replaceAll(/["\n\r\\]/g, '\\$&') : value;
}

/** Reads value i of a column that is one value for all rows, or one per row. */
function reader<T>(values: readonly T[] | T): (index: number) => T | null {
  return isList(values) ? (index) => values[index] ?? null : () => values;
}

function isList<T>(values: readonly T[] | T): values is readonly T[] {
  return Array.isArray(values);
}

function fieldOf(column: RowColumn): RowField {
  const name = fieldName(column.name);
  const put = (buffer: IlpBuffer, more: number): void => {
    buffer.ensure(name.length + more);
    buffer.writeBytes(name);
  };
  switch (column.type) {
    case 'double':
      return doubleField(column.values, name);
    case 'long':
      return longField(column.values, put);
    case 'timestamp': {
      const read = reader<bigint | null>(column.values);
      return {
        isNull: (index) => read(index) === null,
        write: (buffer, index) => {
          put(buffer, 1);
          buffer.writeLong(read(index) ?? 0n);
          buffer.writeByte(LETTER_N);
        },
      };
    }
    case 'boolean': {
      const read = reader<boolean>(column.values);
      return {
        isNull: () => false,
        write: (buffer, index) => {
          put(buffer, 1);
          buffer.writeByte(read(index) === true ? LETTER_T : LETTER_F);
        },
      };
    }
    case 'symbol':
    case 'varchar': {
      const read = reader<string | null>(column.values);
      return {
        isNull: (index) => read(index) === null,
        write: (buffer, index) => {
          put(buffer, 2);
          buffer.writeByte(QUOTE);
          buffer.writeText(escapeText(read(index) ?? ''));
          buffer.ensure(1);
          buffer.writeByte(QUOTE);
        },
      };
    }
  }
}

function doubleField(values: readonly number[] | number, name: Uint8Array): RowField {
  const read: (index: number) => number =
    typeof values === 'number' ? () => values : (index) => values[index] ?? Number.NaN;
  return {
    isNull: (index) => Number.isNaN(read(index)),
    write: (buffer, index) => {
      buffer.ensure(name.length + 10);
      buffer.writeBytes(name);
      buffer.writeByte(EQUALS);
      buffer.writeByte(BINARY_DOUBLE);
      buffer.writeDouble(read(index));
    },
  };
}

function longField(
  values: readonly (bigint | number | null)[] | bigint,
  put: (buffer: IlpBuffer, more: number) => void,
): RowField {
  const read = reader<bigint | number | null>(values);
  return {
    isNull: (index) => read(index) === null,
    write: (buffer, index) => {
      put(buffer, 32);
      const value = read(index);
      if (typeof value === 'number') buffer.writeInteger(value);
      else buffer.writeLong(value ?? 0n);
      buffer.writeByte(LETTER_I);
    },
  };
}

/** Undefined when every value of the column can be stored as it is. */
function checkColumn(spec: TableSpec, column: RowColumn, rows: number): RowRefusal | undefined {
  const wanted: ColumnType | undefined = spec.columns[column.name];
  if (wanted !== column.type) {
    const reason = `is of type ${column.type}, the table catalogue says ${wanted ?? 'that there is none'}`;
    return { column: column.name, reason };
  }
  if (Array.isArray(column.values) && column.values.length !== rows) {
    return { column: column.name, reason: `has ${column.values.length} values for ${rows} rows` };
  }
  const bad = findBadValue(column);
  return bad === undefined ? undefined : { column: column.name, reason: bad };
}

function findBadValue(column: RowColumn): string | undefined {
  if (column.type === 'double') {
    const infinite = (value: number): boolean => value === Infinity || value === -Infinity;
    const values = column.values;
    const bad = typeof values === 'number' ? infinite(values) : values.some(infinite);
    return bad ? 'holds an infinite number, which QuestDB would read as null' : undefined;
  }
  if (column.type === 'timestamp') {
    const wrong = (value: bigint | null): boolean =>
      value !== null && (value < 0n || value > MAX_TIMESTAMP_NS);
    const values = column.values;
    const bad = typeof values === 'bigint' ? wrong(values) : values.some(wrong);
    return bad ? `holds a time outside 0 to ${MAX_TIMESTAMP_NS} ns` : undefined;
  }
  if (column.type === 'long') {
    const values = column.values;
    const bad = typeof values === 'bigint' ? isBadLong(values) : values.some(isBadLong);
    return bad
      ? 'holds a number that is no 64-bit integer, or the smallest one, which is QuestDB’s null'
      : undefined;
  }
  return undefined;
}

function isBadLong(value: bigint | number | null): boolean {
  if (value === null) return false;
  if (typeof value === 'number') return !Number.isSafeInteger(value);
  return value <= NULL_LONG || value >= -NULL_LONG;
}
