import type { TableSpec } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { createTableSql, sqlType } from './ddl.ts';
import type { PgEndpoint } from './endpoints.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS, latestVersion, type Migration } from './migrations.ts';
import { createPool } from './pg-client.ts';
import { SchemaSql, type FoundColumn, type FoundTable } from './schema-sql.ts';

export interface SchemaOptions {
  readonly pg: PgEndpoint;
  readonly tables: readonly TableSpec[];
  readonly migrations?: readonly Migration[];
  /** How long QuestDB may take to apply one change. Copying a large table in a swap counts as one. */
  readonly deadlineMs?: number;
}

/** Which version each table has; kept by name, one row per change. */
const VERSIONS: TableSpec = {
  name: 'tickwell_schema',
  timestamp: 'ts',
  columns: { table_name: 'symbol', version: 'long', change: 'varchar' },
  dedupKeys: ['table_name', 'version'],
  partitionBy: 'YEAR',
  purpose: 'Versions of the tables, for migrations',
};

/**
 * Creates the tables of the catalogue, brings older ones up to date and checks all of them against it. May run in several
 * processes at once. Rejects with a terminal TickwellError `schema-mismatch` or `schema-too-new` that names table, column and
 * fix, or with a retryable `store-unavailable`.
 */
export async function ensureSchema(options: SchemaOptions): Promise<void> {
  const deadlineMs = options.deadlineMs ?? 60_000;
  const pool = createPool(options.pg, {
    maxConnections: 1,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: deadlineMs,
  });
  try {
    const sql = new SchemaSql(pool, deadlineMs);
    await sql.run('creating tickwell_schema failed', createTableSql(VERSIONS));
    for (const spec of options.tables) await ensureTable(sql, spec, options.migrations ?? MIGRATIONS);
    await checkTables(sql, options.tables);
  } finally {
    await pool.end();
  }
}

async function ensureTable(sql: SchemaSql, spec: TableSpec, all: readonly Migration[]): Promise<void> {
  const latest = latestVersion(all, spec.name);
  const found = await recordedVersion(sql, spec.name);
  if (found !== undefined && found > latest) {
    throw new TickwellError(
      'schema-too-new',
      `table ${spec.name} has version ${found}, this Tickwell knows ${latest}: run the newer Tickwell that wrote it`,
    );
  }
  if (found === undefined) {
    // Either new, or made by a process that died before it recorded the version: the check below tells them from strangers.
    await sql.run(`creating table ${spec.name} failed`, createTableSql(spec));
    await record(sql, spec.name, latest, 'created');
    return;
  }
  for (const migration of all) {
    if (migration.table !== spec.name || migration.toVersion <= found) continue;
    await migrate(sql, spec.name, migration);
    await record(sql, spec.name, migration.toVersion, migration.name);
  }
}

async function recordedVersion(sql: SchemaSql, table: string): Promise<number | undefined> {
  const rows = await sql.run(
    'reading tickwell_schema failed',
    'select max(version) from tickwell_schema where table_name = $1',
    [table],
  );
  const version = rows[0]?.[0];
  return version === null || version === undefined ? undefined : Number(version);
}

/** At a fixed time, so that two processes record one row. */
async function record(sql: SchemaSql, table: string, version: number, change: string): Promise<void> {
  await sql.run(
    'recording the version of a table failed',
    `insert into tickwell_schema (ts, table_name, version, change) values (0::timestamp_ns, $1, ${version}, $2)`,
    [table, change],
  );
  await sql.settle(VERSIONS.name);
}

async function checkTables(sql: SchemaSql, specs: readonly TableSpec[]): Promise<void> {
  const tables = await sql.tables();
  for (const spec of specs) {
    const table = tables.get(spec.name);
    if (table === undefined) {
      throw mismatch(
        `table ${spec.name} is gone although tickwell_schema lists it: restore it from a backup`,
      );
    }
    const wrong = tableError(spec, table) ?? columnError(spec, await sql.columns(spec.name));
    if (wrong !== undefined) throw mismatch(wrong);
  }
}

function tableError(spec: TableSpec, found: FoundTable): string | undefined {
  const rename = `rename it away (RENAME TABLE ${spec.name} TO ${spec.name}_old) and start again`;
  if (found.timestamp !== spec.timestamp) {
    return `table ${spec.name}: the designated timestamp is "${found.timestamp}", wanted "${spec.timestamp}": ${rename}`;
  }
  if (!found.wal) return `table ${spec.name} is not a WAL table: ${rename}`;
  if (found.partitionBy !== spec.partitionBy) {
    return `table ${spec.name} is partitioned by ${found.partitionBy}, wanted ${spec.partitionBy}: ${rename}`;
  }
  return undefined;
}

/** One line that names the first difference between a table and the catalogue, and what to do; undefined when there is none. */
function columnError(spec: TableSpec, found: readonly FoundColumn[]): string | undefined {
  const byName = new Map(found.map((column) => [column.name, column]));
  const wanted = { [spec.timestamp]: 'timestamp' as const, ...spec.columns };
  for (const [name, type] of Object.entries(wanted)) {
    const column = byName.get(name);
    const want = sqlType(type);
    if (column === undefined) {
      return `table ${spec.name}: column ${name} is missing, wanted ${want}: ALTER TABLE ${spec.name} ADD COLUMN ${name} ${want}`;
    }
    if (column.type !== want) {
      return (
        `table ${spec.name}: column ${name} is ${column.type}, wanted ${want}: ` +
        `rename the table away (RENAME TABLE ${spec.name} TO ${spec.name}_old), start again and copy its rows`
      );
    }
  }
  const keys = [spec.timestamp, ...spec.dedupKeys].sort();
  const has = found.flatMap((column) => (column.key ? [column.name] : [])).sort();
  if (keys.join() !== has.join()) {
    return (
      `table ${spec.name}: dedup keys are (${has.join(', ')}), wanted (${keys.join(', ')}): ` +
      `ALTER TABLE ${spec.name} DEDUP ENABLE UPSERT KEYS(${keys.join(', ')})`
    );
  }
  return undefined;
}

function mismatch(message: string): TickwellError {
  return new TickwellError('schema-mismatch', message);
}
