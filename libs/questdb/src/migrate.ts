import type { TableSpec } from '@tickwell/contracts';
import { TickwellError, errorMessage } from '@tickwell/domain';
import { columnDefinition, createTableSql } from './ddl.ts';
import type { Migration, MigrationStep } from './migrations.ts';
import type { SchemaSql } from './schema-sql.ts';
import { quoteName } from './sql.ts';

/** Two processes that swap the same table lose races to each other; each loss means the other got further. */
const SWAP_ATTEMPTS = 10;

/** Runs one migration; running it again, or beside another process, ends in the same table. */
export async function migrate(sql: SchemaSql, table: string, migration: Migration): Promise<void> {
  for (const step of migration.steps) {
    try {
      await runStep(sql, table, migration, step);
    } catch (cause) {
      const message = `migration "${migration.name}" of table ${table} to version ${migration.toVersion} failed at ${step.kind}`;
      throw new TickwellError('migration-failed', `${message}: ${errorMessage(cause)}`, {
        cause,
        retryable: cause instanceof TickwellError && cause.retryable,
      });
    }
  }
}

async function runStep(
  sql: SchemaSql,
  table: string,
  migration: Migration,
  step: MigrationStep,
): Promise<void> {
  switch (step.kind) {
    case 'add-column': {
      await addColumn(sql, table, step);
      await sql.settle(table);
      return;
    }
    case 'dedup-keys': {
      const keys = step.keys.map(quoteName).join(', ');
      await sql.run(
        'changing keys failed',
        `ALTER TABLE ${quoteName(table)} DEDUP ENABLE UPSERT KEYS(${keys})`,
      );
      await sql.settle(table);
      return;
    }
    case 'swap':
      await swap(
        sql,
        {
          table,
          staging: `${table}_v${migration.toVersion}`,
          old: `${table}_before_v${migration.toVersion}`,
        },
        step,
      );
  }
}

/**
 * Adds a column that is not there yet. Of two processes that add it at the same moment QuestDB refuses one ("no-op"), in spite of
 * `if not exists`.
 */
async function addColumn(
  sql: SchemaSql,
  table: string,
  { column, type }: Extract<MigrationStep, { kind: 'add-column' }>,
): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    (await sql.columns(table)).some(({ name }) => name === column);
  if (await isThere()) return;
  try {
    await sql.run(
      'adding a column failed',
      `ALTER TABLE ${quoteName(table)} ADD COLUMN IF NOT EXISTS ${columnDefinition(column, type)}`,
    );
  } catch (error) {
    await sql.settle(table);
    if (!(await isThere())) throw error;
  }
}

interface SwapNames {
  readonly table: string;
  readonly staging: string;
  readonly old: string;
}

/**
 * Which tables exist says how far the swap is: (table) → (table, staging) copied → (staging, old) copied once more, for rows
 * written meanwhile → (table, old) done. Keys are unique, so copying twice stores once. Between the renames writers are told that
 * the table does not exist, and write again.
 */
async function swap(
  sql: SchemaSql,
  names: SwapNames,
  step: Extract<MigrationStep, { kind: 'swap' }>,
): Promise<void> {
  let lost: unknown;
  for (let attempt = 0; attempt < SWAP_ATTEMPTS; attempt += 1) {
    const tables = await sql.tables();
    const has = (name: string): boolean => tables.has(name);
    if (has(names.table) && has(names.old)) {
      // Left by a process that began the swap after another had finished it; nobody reads or writes it.
      if (has(names.staging))
        await sql.run('removing a leftover failed', `DROP TABLE IF EXISTS ${quoteName(names.staging)}`);
      return;
    }
    try {
      if (has(names.table)) {
        await sql.run('creating the new table failed', createTableSql(step.layout, names.staging));
        await sql.settle(names.table);
        await copy(sql, names.table, names.staging, step);
        await sql.rename(names.table, names.old);
      } else if (has(names.staging) && has(names.old)) {
        await sql.settle(names.old);
        await copy(sql, names.old, names.staging, step);
        await sql.rename(names.staging, names.table);
      } else {
        throw new TickwellError(
          'migration-failed',
          `neither ${names.table} nor ${names.staging} and ${names.old} exist`,
        );
      }
    } catch (error) {
      lost = error;
    }
  }
  throw new TickwellError('migration-failed', `the swap did not end after ${SWAP_ATTEMPTS} attempts`, {
    cause: lost,
  });
}

async function copy(
  sql: SchemaSql,
  from: string,
  to: string,
  step: Extract<MigrationStep, { kind: 'swap' }>,
): Promise<void> {
  const layout: TableSpec = step.layout;
  const columns = [layout.timestamp, ...Object.keys(layout.columns)];
  const values = columns.map((column) => step.select[column] ?? quoteName(column));
  await sql.run(
    `copying ${from} failed`,
    `INSERT INTO ${quoteName(to)} (${columns.map(quoteName).join(', ')}) SELECT ${values.join(', ')} FROM ${quoteName(from)}`,
  );
  await sql.settle(to);
}
