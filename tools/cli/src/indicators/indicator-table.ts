import { basename } from 'node:path';
import { calendar, type Calendar } from '@tickwell/calendar';
import { err, formatNs, ok, type Result } from '@tickwell/domain';
import { readTable } from '@tickwell/feed-files';
import { calculateTechnicalIndicators, parseSpecList, type SkippedRows } from '@tickwell/indicators';
import { isoTime, tableFrames, type TableFrame, type TableFrames } from '@tickwell/validation';
import type { TimeFormat } from '../format/time.ts';
import type { DataChunk, DataColumn } from '../get/rows.ts';
import { datasetOf } from '../ingest/find-files.ts';
import { sessionDates } from './session-dates.ts';

export interface IndicatorFlags {
  readonly spec: string;
  readonly symbol?: string;
  readonly timezone?: string;
  readonly timeFormat?: string;
  readonly entry?: string;
  /** Of the sessions of bars within days. */
  readonly calendar?: string;
}

export interface IndicatorTable {
  /** A row per row of the file, in its order: time, symbol where the file has several, and a column per output. */
  readonly chunk: DataChunk;
  /** Writes a time of the file as the file does: with its offset. */
  readonly format: TimeFormat;
  /** Lines about rows that have no values, and why. */
  readonly notes: readonly string[];
}

/** Indicators over the bars of a file. Errors: one line that names the file, the place and the fix. */
export async function indicatorTable(
  path: string,
  flags: IndicatorFlags,
): Promise<Result<IndicatorTable, string>> {
  const sessions = flags.calendar === undefined ? ok(undefined) : calendar(flags.calendar);
  if (!sessions.ok) return sessions;
  const table = await readTable(
    { path, ...(flags.entry === undefined ? {} : { entry: flags.entry }) },
    new AbortController().signal,
  );
  if (!table.ok) return err(table.error.message);
  const { name } = table.value;
  const read = tableFrames(table.value, {
    symbol: flags.symbol ?? datasetOf(basename(path)),
    ...(flags.timezone === undefined ? {} : { timeZone: flags.timezone }),
    ...(flags.timeFormat === undefined ? {} : { timeFormat: flags.timeFormat }),
  });
  if (!read.ok) return err(`${name}: ${read.error}`);
  if (read.value.kind !== 'bars')
    return err(
      `${name}: the file holds ${read.value.kind}, indicators need bars: columns Date, Open, High, Low, Close, Volume`,
    );
  return tableOf(name, read.value, flags.spec, sessions.value);
}

function tableOf(
  name: string,
  { frames, rows, problems }: TableFrames,
  spec: string,
  sessions: Calendar | undefined,
): Result<IndicatorTable, string> {
  const builder = new ColumnsBuilder(rows);
  const notes = problems.map(({ row, message }) => `${name}: row ${row}: ${message}`);
  for (const part of frames) {
    const dates = sessionDates(part, sessions);
    const found = calculateTechnicalIndicators({ ...part.frame, sessionDate: dates }, spec);
    if (!found.ok) {
      const fix = dates === undefined ? bySession(spec) : '';
      return err(`${name}: ${found.error}${fix}`);
    }
    builder.add(part, found.value.columns);
    notes.push(...found.value.skipped.map((skipped) => `${name}: ${skippedText(part, skipped)}`));
  }
  return ok({ chunk: builder.chunk(frames.length > 1), format: formatOf(frames), notes });
}

/** What to do about an indicator by session where the file does not tell sessions; empty where there is none. */
function bySession(spec: string): string {
  const parsed = parseSpecList(spec);
  const isAsked = parsed.ok && parsed.specs.some(({ needsSession }) => needsSession);
  return isAsked ? '; name the calendar of the sessions with --calendar, for example --calendar XNYS' : '';
}

function formatOf(frames: readonly TableFrame[]): TimeFormat {
  const texts = new Map<bigint, string>();
  for (const part of frames)
    part.frame.timeNs.forEach((timeNs, index) => texts.set(timeNs, isoTime(part, index)));
  return (ns) => texts.get(ns) ?? formatNs(ns);
}

function skippedText({ rows }: TableFrame, { spec, reason, rows: count, first }: SkippedRows): string {
  const whose = spec === undefined ? '' : `${spec}: `;
  return `${whose}${count} ${count === 1 ? 'row' : 'rows'} from row ${rows[first] ?? 0} on ${reason}: left empty`;
}

class ColumnsBuilder {
  readonly #rows: number;
  readonly #times: (bigint | null)[];
  readonly #symbols: (string | null)[];
  readonly #values = new Map<string, number[]>();

  constructor(rows: number) {
    this.#rows = rows;
    this.#times = Array.from({ length: rows }, () => null);
    this.#symbols = Array.from({ length: rows }, () => null);
  }

  add(
    { frame, rows }: TableFrame,
    columns: readonly { readonly name: string; readonly values: Float64Array }[],
  ): void {
    for (const [index, row] of rows.entries()) {
      this.#times[row - 1] = frame.timeNs[index] ?? null;
      this.#symbols[row - 1] = frame.symbol;
    }
    for (const { name, values } of columns) {
      const column = this.#column(name);
      for (const [index, row] of rows.entries()) column[row - 1] = values[index] ?? NaN;
    }
  }

  chunk(withSymbols: boolean): DataChunk {
    const symbols: DataColumn = { name: 'symbol', type: 'text', values: this.#symbols };
    const columns: DataColumn[] = [
      { name: 'time', type: 'time', values: this.#times },
      ...(withSymbols ? [symbols] : []),
      ...[...this.#values].map(([name, values]) => ({ name, type: 'double' as const, values })),
    ];
    return { rows: this.#rows, columns };
  }

  #column(name: string): number[] {
    let column = this.#values.get(name);
    if (column === undefined)
      this.#values.set(name, (column = Array.from({ length: this.#rows }, () => NaN)));
    return column;
  }
}
