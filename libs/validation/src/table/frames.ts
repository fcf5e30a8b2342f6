import { err, ok, type Result } from '@tickwell/domain';
import { isBlank, toNumber, type Cell, type TimeColumn, type TimeParser } from '@tickwell/text';
import type { BarFrame } from '../frame/bar-frame.ts';
import type { TickFrame } from '../frame/ticks.ts';
import { recogniseHeaders, type Headers, type TableKind, type TableRole } from './headers.ts';
import { tableTimes } from './times.ts';

/** A table as a reader of files delivers it. */
export interface MarketTable {
  readonly columns: readonly string[] | null;
  readonly timeColumns: ReadonlyMap<number, TimeColumn>;
  /** `cells` undefined: the row could not be read, for the reason given. */
  readonly rows: readonly {
    readonly cells: readonly Cell[] | undefined;
    readonly problem?: { readonly rule: string; readonly reason: string };
  }[];
}

export interface TableChoice {
  readonly kind?: TableKind;
  /** Instrument of a table that does not say; default "". */
  readonly symbol?: string;
  /** Of times that say none; default UTC. */
  readonly timeZone?: string;
  readonly timeFormat?: string;
}

/** A row that did not become one of a frame. */
interface TableProblem {
  /** Row of the table, from 1. */
  readonly row: number;
  readonly symbol: string;
  readonly rule: string;
  readonly message: string;
}

/** The rows of one instrument. */
export interface TableFrame {
  readonly frame: BarFrame;
  /** Of a table of trades or quotes: these, and {@link frame} holds symbol and times alone. */
  readonly ticks: TickFrame | undefined;
  /** Row of the table, from 1, of each row of the frame. */
  readonly rows: Int32Array;
  /** Times as they are written, ns since the epoch of a clock on UTC. */
  readonly wallNs: BigInt64Array;
}

export interface TableFrames {
  readonly kind: TableKind;
  /** Column of each role. */
  readonly columns: ReadonlyMap<TableRole, readonly number[]>;
  readonly rows: number;
  readonly frames: readonly TableFrame[];
  readonly problems: readonly TableProblem[];
}

const NUMBERS: readonly TableRole[] = [
  'open',
  'high',
  'low',
  'close',
  'adjClose',
  'volume',
  'dividends',
  'capitalGains',
  'splits',
  'price',
  'size',
  'bid',
  'ask',
];

/** What stands in a cell where there is no value. */
const MISSING = /^(null|nan|na|n\/a|none|-|#n\/a)$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;

/** Reads a table of bars, trades or quotes as frames, one per symbol, in the order of the table. */
export function tableFrames(table: MarketTable, choice: TableChoice): Result<TableFrames, string> {
  if (table.columns === null) {
    return err(
      'the file has no line with the names of its columns: add one, for example Date,Open,High,Low,Close,Volume',
    );
  }
  const headers = recogniseHeaders(table.columns, choice.kind);
  if (!headers.ok) return headers;
  const timeAt = headers.value.columns.get('time') ?? [];
  const times = tableTimes(
    table.rows.map(({ cells }) => (cells === undefined ? undefined : join(cells, timeAt))),
    {
      timeZone: choice.timeZone ?? 'UTC',
      timeFormat: choice.timeFormat,
      column: timeAt.length === 1 ? table.timeColumns.get(timeAt[0] ?? 0) : undefined,
    },
  );
  if (!times.ok) return times;
  const builder = new FrameBuilder(headers.value, times.value, choice.symbol);
  for (const [index, row] of table.rows.entries()) {
    if (row.cells === undefined) builder.refuse(index + 1, row.problem);
    else builder.add(index + 1, row.cells);
  }
  const { kind, columns } = headers.value;
  return ok({ kind, columns, rows: table.rows.length, ...builder.finish() });
}

function join(cells: readonly Cell[], at: readonly number[]): Cell {
  if (at.length === 1) return cells[at[0] ?? 0];
  return at.map((column) => String(cells[column] ?? '')).join(' ');
}

interface Group {
  /** Index of the row of each time, where the table says which version a row is. */
  readonly versions: Map<bigint, { readonly index: number; readonly version: string }>;
  readonly rows: number[];
  readonly timeNs: bigint[];
  readonly wallNs: bigint[];
  readonly numbers: Map<TableRole, number[]>;
}

class FrameBuilder {
  readonly #headers: Headers;
  readonly #times: TimeParser;
  readonly #symbol: string;
  readonly #groups = new Map<string, Group>();
  readonly #problems: TableProblem[] = [];

  constructor(headers: Headers, times: TimeParser, symbol: string | undefined) {
    this.#headers = headers;
    this.#times = times;
    this.#symbol = symbol ?? headers.symbol ?? '';
  }

  refuse(row: number, problem: { readonly rule: string; readonly reason: string } | undefined): void {
    const { rule, reason } = problem ?? { rule: 'row-unreadable', reason: 'the row cannot be read' };
    this.#problems.push({ row, symbol: this.#symbol, rule, message: reason });
  }

  add(row: number, cells: readonly Cell[]): void {
    const symbol = this.#symbolOf(cells);
    const cell = join(cells, this.#headers.columns.get('time') ?? []);
    const timeNs = this.#times.instantNs(cell);
    if (timeNs === undefined) {
      const what = isBlank(cell)
        ? 'the row has no time'
        : `${JSON.stringify(cell)} is not a time as the others are`;
      this.#problems.push({ row, symbol, rule: 'time-invalid', message: what });
      return;
    }
    const group = this.#group(symbol);
    const at = this.#slot(group, cells, timeNs);
    if (at === undefined) return;
    group.rows[at] = row;
    group.timeNs[at] = timeNs;
    group.wallNs[at] = this.#times.wallNs(cell) ?? timeNs;
    for (const [role, values] of group.numbers) values[at] = this.#number(role, cells, { row, symbol });
  }

  /** Where a row goes: a later version takes the place of the one before; undefined: it is the older one. */
  #slot(group: Group, cells: readonly Cell[], timeNs: bigint): number | undefined {
    const next = group.rows.length;
    const column = this.#headers.columns.get('version')?.[0];
    if (column === undefined) return next;
    const version = String(cells[column] ?? '');
    const known = group.versions.get(timeNs);
    if (known !== undefined && version < known.version) return undefined;
    const index = known !== undefined && version > known.version ? known.index : next;
    group.versions.set(timeNs, { index, version });
    return index;
  }

  finish(): { readonly frames: readonly TableFrame[]; readonly problems: readonly TableProblem[] } {
    const frames = [...this.#groups].map(([symbol, group]) => ({
      frame: toFrame(symbol, group),
      ticks: this.#headers.kind === 'bars' ? undefined : toTicks(symbol, group),
      rows: Int32Array.from(group.rows),
      wallNs: BigInt64Array.from(group.wallNs),
    }));
    return { frames, problems: this.#problems };
  }

  #symbolOf(cells: readonly Cell[]): string {
    const at = this.#headers.columns.get('symbol')?.[0];
    const cell = at === undefined ? undefined : cells[at];
    return isBlank(cell) ? this.#symbol : String(cell);
  }

  #group(symbol: string): Group {
    const known = this.#groups.get(symbol);
    if (known !== undefined) return known;
    const present = NUMBERS.filter((role) => this.#headers.columns.has(role));
    const group: Group = {
      versions: new Map(),
      rows: [],
      timeNs: [],
      wallNs: [],
      numbers: new Map(present.map((role) => [role, []])),
    };
    this.#groups.set(symbol, group);
    return group;
  }

  #number(
    role: TableRole,
    cells: readonly Cell[],
    place: { readonly row: number; readonly symbol: string },
  ): number {
    const cell = cells[this.#headers.columns.get(role)?.[0] ?? -1];
    const value = readNumber(cell);
    if (value !== undefined) return value;
    this.#problems.push({
      ...place,
      rule: 'number-invalid',
      message: `${role} ${JSON.stringify(cell)} is not a number`,
    });
    return NaN;
  }
}

/** NaN: nothing there; undefined: something that is no number. */
function readNumber(cell: Cell): number | undefined {
  if (isBlank(cell) || (typeof cell === 'string' && MISSING.test(cell.trim()))) return NaN;
  const infinite = typeof cell === 'string' ? INFINITE.exec(cell.trim()) : null;
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  return toNumber(
    typeof cell === 'string' ? cell.replace(/^\$/, '').replaceAll(/(?<=\d),(?=\d{3})/g, '') : cell,
  );
}

function columnsOf(group: Group): (role: TableRole) => Float64Array | undefined {
  return (role) => {
    const values = group.numbers.get(role);
    return values === undefined ? undefined : Float64Array.from(values);
  };
}

function toTicks(symbol: string, group: Group): TickFrame {
  const column = columnsOf(group);
  return {
    symbol,
    timeNs: BigInt64Array.from(group.timeNs),
    price: column('price'),
    size: column('size'),
    bid: column('bid'),
    ask: column('ask'),
  };
}

function toFrame(symbol: string, group: Group): BarFrame {
  const column = columnsOf(group);
  return {
    symbol,
    timeNs: BigInt64Array.from(group.timeNs),
    close: column('close') ?? new Float64Array(group.rows.length).fill(NaN),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    adjClose: column('adjClose'),
    volume: column('volume'),
    dividends: column('dividends'),
    capitalGains: column('capitalGains'),
    splits: column('splits'),
  };
}
