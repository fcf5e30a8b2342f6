import { TABLES, type ColumnType, type TableSpec } from '@tickwell/contracts';

/**
 * One change of a table that holds rows. Every step may run again after it succeeded, or in two processes at once. A live table is
 * never dropped and made anew: kept connections would lose rows on an acknowledged write (questdb-semantics.md).
 */
export type MigrationStep =
  | { readonly kind: 'add-column'; readonly column: string; readonly type: ColumnType }
  | { readonly kind: 'dedup-keys'; readonly keys: readonly string[] }
  /**
   * Fills a new table of this layout from the old one and renames it into place. `select` gives the value of each column, as SQL
   * over the old table; a column left out keeps its name. The old table stays as `<table>_before_v<version>`.
   */
  | { readonly kind: 'swap'; readonly layout: TableSpec; readonly select: Readonly<Record<string, string>> };

export interface Migration {
  readonly table: string;
  /** Version the table has afterwards. Versions start at 1 (as created by the first release) and have no gaps. */
  readonly toVersion: number;
  /** For people, in errors and in the record of versions. */
  readonly name: string;
  readonly steps: readonly MigrationStep[];
}

/** Written out: what a migration does must not change with the catalogue. */
const LEDGER_COLUMNS: readonly (readonly [string, ColumnType])[] = [
  ['price_type', 'symbol'],
  ['step', 'long'],
  ['since', 'timestamp'],
  ['reason', 'varchar'],
  ['missing', 'long'],
  ['attempts', 'long'],
  ['asked_source', 'symbol'],
  ['source_attempts', 'long'],
  ['request_id', 'varchar'],
  ['asked_at', 'timestamp'],
  ['answered_at', 'timestamp'],
  ['answer', 'varchar'],
  ['answer_final', 'boolean'],
  ['answer_stream', 'varchar'],
  ['repaired_at', 'timestamp'],
  ['repaired_source', 'symbol'],
  ['repaired_stream', 'varchar'],
  ['repair_request_id', 'varchar'],
];

/** Every change since the first release, in order. A table that is created now starts at its latest version. */
export const MIGRATIONS: readonly Migration[] = [
  {
    table: TABLES.corporateActions.name,
    toVersion: 2,
    name: 'dividends say whether their amounts are adjusted for splits',
    steps: [{ kind: 'add-column', column: 'price_basis', type: 'symbol' }],
  },
  {
    table: TABLES.deadLetters.name,
    toVersion: 2,
    name: 'dead letters say whose replay they are',
    steps: [{ kind: 'add-column', column: 'replay_of', type: 'varchar' }],
  },
  {
    table: TABLES.coverage.name,
    toVersion: 2,
    name: 'the ledger of holes says why, since when, who was asked and who repaired them',
    steps: [
      ...LEDGER_COLUMNS.map(([column, type]) => ({ kind: 'add-column' as const, column, type })),
      {
        kind: 'dedup-keys',
        keys: ['ts', 'symbol', 'source', 'kind', 'interval', 'end_ts', 'step', 'known_at'],
      },
    ],
  },
  {
    table: TABLES.quality.name,
    toVersion: 2,
    name: 'findings say from when on they are',
    steps: [{ kind: 'add-column', column: 'start_ts', type: 'timestamp' }],
  },
  {
    table: TABLES.deadLetters.name,
    toVersion: 3,
    name: 'dead letters say whether they are rejected or in quarantine',
    steps: [{ kind: 'add-column', column: 'severity', type: 'symbol' }],
  },
];

/** The version a table of the catalogue has once all its migrations ran. */
export function latestVersion(migrations: readonly Migration[], table: string): number {
  const versions = migrations
    .filter((migration) => migration.table === table)
    .map(({ toVersion }) => toVersion);
  versions.forEach((version, index) => {
    if (version !== index + 2)
      throw new RangeError(`migrations of ${table}: version ${version} where ${index + 2} belongs`);
  });
  return versions.length + 1;
}
