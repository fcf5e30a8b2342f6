import { formatNs, ok, type Result } from '@tickwell/domain';
import type { FrameNote, FrameSeverity } from '../frame/bar-frame.ts';
import { validateTicks } from '../frame/ticks.ts';
import { validateMarketData } from '../frame/validate.ts';
import { tableFrames, type MarketTable, type TableChoice, type TableFrame } from './frames.ts';

interface FindingHead {
  readonly rule: string;
  readonly severity: FrameSeverity;
  readonly symbol: string;
  readonly message: string;
}

/** What is wrong with one row of a table, or with all rows of an instrument in a stretch of time. */
export type TableFinding = FindingHead &
  (
    | {
        /** Row of the table, from 1; the line with the names does not count. */
        readonly row: number;
        /** ISO 8601, with the offset that the table writes; null where the row has no time. */
        readonly time: string | null;
      }
    | { readonly from: string; readonly to: string; readonly rows: number }
  );

export interface TableNote extends FrameNote {
  readonly symbol: string;
}

/** What `tickwell validate --json` prints of a table. */
export interface TableReport {
  readonly rows: number;
  readonly symbols: number;
  /** Rows that a finding is about. */
  readonly rowsWithFindings: number;
  readonly findings: readonly TableFinding[];
  readonly notes: readonly TableNote[];
}

/** Judges a table of bars, trades or quotes. An error says why it cannot be read as one. */
export function validateTable(
  table: MarketTable,
  choice: TableChoice & { readonly nowNs?: bigint },
): Result<TableReport, string> {
  const read = tableFrames(table, choice);
  if (!read.ok) return read;
  const touched = new Set<number>();
  const notes: TableNote[] = [];
  const timeOf = timesOf(read.value.problems.length === 0 ? [] : read.value.frames);
  const findings: TableFinding[] = read.value.problems.map(({ row, symbol, rule, message }) => {
    touched.add(row);
    return { rule, severity: 'reject', symbol, message, row, time: timeOf(row) };
  });
  for (const frame of read.value.frames) {
    const options = choice.nowNs === undefined ? {} : { nowNs: choice.nowNs };
    const { ticks } = frame;
    const report =
      ticks === undefined ? validateMarketData(frame.frame, options) : validateTicks(ticks, options);
    const { symbol } = frame.frame;
    notes.push(...report.notes.map((note) => ({ ...note, symbol })));
    for (const { from, to, ...rest } of report.findings) {
      const rows = rowsBetween(frame, from, to);
      for (const row of rows) touched.add(row);
      const place =
        rows.length === 1
          ? onRow(frame, from)
          : { from: isoTime(frame, from), to: isoTime(frame, to), rows: rows.length };
      findings.push({ ...rest, symbol, ...place });
    }
  }
  return ok({
    rows: read.value.rows,
    symbols: read.value.frames.length,
    rowsWithFindings: touched.size,
    findings,
    notes,
  });
}

/** Times of rows that could be read but for one value, as {@link isoTime} writes them; null: the row is in no frame. */
function timesOf(frames: readonly TableFrame[]): (row: number) => string | null {
  const places = new Map<number, { readonly frame: TableFrame; readonly index: number }>();
  for (const frame of frames)
    for (const [index, row] of frame.rows.entries()) places.set(row, { frame, index });
  return (row) => {
    const place = places.get(row);
    return place === undefined ? null : isoTime(place.frame, place.index);
  };
}

function onRow(frame: TableFrame, index: number): { readonly row: number; readonly time: string } {
  return { row: frame.rows[index] ?? 0, time: isoTime(frame, index) };
}

/** Rows of the table in the stretch of time between two rows of the frame. */
function rowsBetween({ frame, rows }: TableFrame, from: number, to: number): readonly number[] {
  if (from === to) return [rows[from] ?? 0];
  const [first, last] = [frame.timeNs[from] ?? 0n, frame.timeNs[to] ?? 0n];
  const found: number[] = [];
  frame.timeNs.forEach((time, index) => {
    if (time >= first && time <= last) found.push(rows[index] ?? 0);
  });
  return found;
}

/** The instant of a row as the table writes it: ISO 8601 with its own offset, "Z" where that is none. */
export function isoTime({ frame, wallNs }: TableFrame, index: number): string {
  const [instant, wall] = [frame.timeNs[index] ?? 0n, wallNs[index] ?? 0n];
  const offsetMinutes = Number((wall - instant) / 60_000_000_000n);
  if (offsetMinutes === 0) return formatNs(instant);
  const size = Math.abs(offsetMinutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return formatNs(wall).replace(/Z$/, offset);
}
