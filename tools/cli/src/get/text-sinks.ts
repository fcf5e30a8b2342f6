import { formatTable } from '../format/table.ts';
import type { TimeFormat } from '../format/time.ts';
import type { CellValue, ColumnType, DataChunk } from './rows.ts';

/** Takes the chunks of one answer in order. */
export interface DataSink {
  write(chunk: DataChunk): Promise<void>;
  /** After the last chunk. */
  end(): Promise<void>;
}

export type Write = (text: string) => Promise<void>;

/** Text for one value; "" where there is none. */
function cellText(value: CellValue, type: ColumnType, time: TimeFormat): string {
  if (value === null || Number.isNaN(value)) return '';
  if (type === 'time' && typeof value === 'bigint') return time(value);
  return String(value);
}

/** RFC 4180: quoted where it must be. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** CSV with one header line, also over an empty answer whose columns are known. */
export function csvSink(write: Write, time: TimeFormat): DataSink {
  let started = false;
  return {
    async write({ rows, columns }) {
      const lines: string[] = [];
      if (!started) lines.push(columns.map(({ name }) => csvCell(name)).join(','));
      started = true;
      for (let row = 0; row < rows; row += 1)
        lines.push(
          columns.map(({ values, type }) => csvCell(cellText(values[row] ?? null, type, time))).join(','),
        );
      await write(`${lines.join('\n')}\n`);
    },
    end: () => Promise.resolve(),
  };
}

/** One JSON object per row. Whole numbers beyond 2^53 are strings, NaN is null. */
export function jsonLinesSink(write: Write, time: TimeFormat): DataSink {
  return {
    async write({ rows, columns }) {
      let text = '';
      for (let row = 0; row < rows; row += 1) {
        const entries = columns.map(({ name, values, type }) => [
          name,
          jsonValue(values[row] ?? null, type, time),
        ]);
        text += `${JSON.stringify(Object.fromEntries(entries))}\n`;
      }
      await write(text);
    },
    end: () => Promise.resolve(),
  };
}

function jsonValue(value: CellValue, type: ColumnType, time: TimeFormat): number | string | boolean | null {
  if (value === null || Number.isNaN(value)) return null;
  if (typeof value !== 'bigint') return value;
  if (type === 'time') return time(value);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Rows whose widths decide those of a table. */
const MEASURED_ROWS = 1_000;

/**
 * A table for people: as wide as its first thousand rows need, and without columns that have no value in them; later rows stream.
 */
export function tableSink(write: Write, time: TimeFormat): DataSink {
  let waiting: DataChunk[] = [];
  let waitingRows = 0;
  let layout: TableLayout | undefined;
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const rows = waiting.flatMap((chunk) => textRows(chunk, time));
    const isFirst = layout === undefined;
    layout ??= layoutOf(waiting[0], rows);
    const shown = layout;
    const lines = formatTable(
      shown.columns,
      rows.map((row) => shown.indexes.map((at) => row[at] ?? '')),
    );
    waiting = [];
    waitingRows = 0;
    // The title line comes once.
    await write(`${lines.slice(isFirst ? 0 : 1).join('\n')}\n`);
  };
  return {
    async write(chunk) {
      waiting.push(chunk);
      waitingRows += chunk.rows;
      if (waitingRows >= MEASURED_ROWS) await flush();
    },
    end: flush,
  };
}

interface TableLayout {
  readonly indexes: readonly number[];
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
}

function layoutOf(first: DataChunk | undefined, rows: readonly (readonly string[])[]): TableLayout {
  const all = first?.columns ?? [];
  const indexes = all.flatMap((_, at) => (rows.some((row) => row[at] !== '') ? [at] : []));
  const columns = indexes.flatMap((at) => {
    const column = all[at];
    if (column === undefined) return [];
    const align = column.type === 'double' || column.type === 'long' ? ('right' as const) : ('left' as const);
    return [{ title: column.name, align }];
  });
  return { indexes, columns };
}

function textRows({ rows, columns }: DataChunk, time: TimeFormat): string[][] {
  return Array.from({ length: rows }, (_, row) =>
    columns.map(({ values, type }) => cellText(values[row] ?? null, type, time)),
  );
}
