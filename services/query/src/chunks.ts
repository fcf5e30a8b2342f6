import { someTrades, type PackedTrades } from '@tickwell/domain';

/** Most rows in one message: a few hundred kilobytes of columns, far below the message limit of 4 MiB. */
export const MAX_ROWS_PER_MESSAGE = 4_000;

/** Trades in messages of bounded size: only texts can make one large. */
export function* tradeParts(trades: PackedTrades): Generator<PackedTrades> {
  const rows = trades.timeNs.length;
  const hasTexts = trades.conditions.length > 0 || trades.venue.length > 0;
  if (!hasTexts || rows <= MAX_ROWS_PER_MESSAGE) yield trades;
  else for (const { from, to } of slices(rows)) yield someTrades(trades, from, to);
}

export interface Slice {
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
}

/** Cuts so many rows into messages; no rows, no message. */
export function slices(rows: number, maxRows = MAX_ROWS_PER_MESSAGE): readonly Slice[] {
  const cut: Slice[] = [];
  for (let from = 0; from < rows; from += maxRows) {
    cut.push({ from, to: Math.min(from + maxRows, rows), whole: rows <= maxRows });
  }
  return cut;
}

/** The rows of a slice of every column; a whole slice is the columns themselves, uncopied. Empty columns stay empty. */
export function sliceColumns<T extends object>(columns: T, part: Slice): T {
  if (part.whole) return columns;
  const copy = { ...columns };
  for (const [name, values] of Object.entries(columns)) {
    if (Array.isArray(values)) Reflect.set(copy, name, values.slice(part.from, part.to));
  }
  return copy;
}
