import { formatCount } from '../format/numbers.ts';
import { formatTable, type TableColumn } from '../format/table.ts';

/** One series of the demonstration, as every stage counts it. Undefined: that stage does not count it (derived data). */
export interface LedgerRow {
  readonly symbol: string;
  readonly source: string;
  /** "trades", "bars 1d", "sma(20,close) 5m". */
  readonly data: string;
  /** What ingest sent, over all runs. */
  readonly ingested?: number | undefined;
  /** What ingest could not read, and what the validator refused: both are dead letters. */
  readonly refused?: number | undefined;
  /** What the validator had seen before. */
  readonly duplicates?: number | undefined;
  readonly accepted?: number | undefined;
  /** Rows of `dead_letters`. */
  readonly deadLetters?: number | undefined;
  readonly stored: number;
  /** Rows that came back over gRPC. */
  readonly readBack: number;
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'symbol' },
  { title: 'data' },
  { title: 'ingested', align: 'right' },
  { title: 'refused', align: 'right' },
  { title: 'stored', align: 'right' },
  { title: 'read back', align: 'right' },
  { title: 'source' },
];

export function ledgerLines(rows: readonly LedgerRow[]): readonly string[] {
  const cells = rows.map((row) => [
    row.symbol,
    row.data,
    row.ingested === undefined ? '-' : formatCount(row.ingested),
    row.refused === undefined ? '-' : formatCount(row.refused),
    formatCount(row.stored),
    formatCount(row.readBack),
    row.source,
  ]);
  return formatTable(COLUMNS, cells);
}

/** Every place where two stages disagree, one line each; empty when all agree. */
export function differences(rows: readonly LedgerRow[]): readonly string[] {
  return rows.flatMap((row) => {
    const name = `${row.symbol} ${row.data} (${row.source})`;
    const found: string[] = [];
    const same = (what: string, left: number, other: string, right: number): void => {
      if (left !== right) found.push(`${name}: ${formatCount(left)} ${what}, ${formatCount(right)} ${other}`);
    };
    const { ingested, refused, duplicates, accepted, deadLetters, stored, readBack } = row;
    if (ingested !== undefined && accepted !== undefined) {
      const counted = accepted + (refused ?? 0) + (duplicates ?? 0);
      same('read by ingest', ingested, 'accepted, refused or duplicate', counted);
    }
    if (accepted !== undefined) same('accepted', accepted, 'stored', stored);
    if (refused !== undefined && deadLetters !== undefined)
      same('refused', refused, 'kept as dead letters', deadLetters);
    same('stored', stored, 'read back over gRPC', readBack);
    return found;
  });
}
