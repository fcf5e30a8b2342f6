import { err, ok, type Result } from '@tickwell/domain';
import type { ValueColumn } from '../frame/columns.ts';
import { processMarketData } from '../frame/process.ts';
import { tableFrames, type MarketTable, type TableChoice } from './frames.ts';

/** A row of a table that is left out. */
interface RemovedRow {
  /** From 1. */
  readonly row: number;
  readonly symbol: string;
  readonly rule: string;
  readonly message: string;
}

/** What has to become of a table so that it is right, as far as the evidence goes. */
export interface TableFix {
  /** New values by row (from 1) and column (from 0). */
  readonly cells: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly removed: readonly RemovedRow[];
  /** Values replaced, by what they are. */
  readonly changed: Readonly<Partial<Record<ValueColumn, number>>>;
  /** Findings that are left: they say nothing about a value. */
  readonly remaining: number;
}

/** Repairs a table of bars as `processMarketData` does each of its instruments. Pure: the table is not changed. */
export function fixTable(
  table: MarketTable,
  choice: TableChoice & { readonly nowNs?: bigint },
): Result<TableFix, string> {
  const read = tableFrames(table, choice);
  if (!read.ok) return read;
  if (read.value.kind !== 'bars')
    return err(`bars can be repaired, and these are ${read.value.kind}: judge them without --fix`);
  const unreadable = read.value.problems.filter(({ rule }) => rule !== 'number-invalid');
  const removed: RemovedRow[] = [...unreadable];
  const cells = new Map<number, Map<number, number>>();
  const changed: Partial<Record<ValueColumn, number>> = {};
  let remaining = 0;
  for (const { frame, rows } of read.value.frames) {
    const processed = processMarketData(frame, choice.nowNs === undefined ? {} : { nowNs: choice.nowNs });
    remaining += processed.remaining.findings.length;
    for (const { row, ...why } of processed.removed) {
      removed.push({ ...why, symbol: frame.symbol, row: rows[row] ?? 0 });
    }
    for (const { row, column, to } of processed.changes) {
      const at = read.value.columns.get(column)?.[0] ?? -1;
      const place = rows[row] ?? 0;
      const changes = cells.get(place) ?? new Map<number, number>();
      cells.set(place, changes.set(at, to));
      changed[column] = (changed[column] ?? 0) + 1;
    }
  }
  removed.sort((a, b) => a.row - b.row);
  return ok({ cells, removed, changed, remaining });
}
