import { ALL_TABLES, type TableSpec } from '@tickwell/contracts';
import pg from 'pg';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { createTableSql } from './ddl.ts';
import type { Migration } from './migrations.ts';
import { ensureSchema } from './schema.ts';
import { createQuestdbWriter } from './table-writer.ts';

const stack = inject('stack');
const endpoints = { httpUrl: stack.questdbHttpUrl, pg: stack.questdbPg };
const pool = new pg.Pool({ ...stack.questdbPg, max: 1 });
let serial = 0;

/** A table of an earlier release, under a name no other test uses. */
function versionOne(): TableSpec {
  return {
    name: `schema_test_${process.pid}_${(serial += 1)}`,
    timestamp: 'ts',
    columns: { symbol: 'symbol', price: 'double', venue: 'symbol' },
    dedupKeys: ['symbol'],
    partitionBy: 'DAY',
    purpose: 'test',
  };
}

async function fill(spec: TableSpec, rows: number): Promise<void> {
  const writer = createQuestdbWriter({ endpoints, tables: [spec] });
  const at = Array.from({ length: rows }, (_, index) => index);
  await writer.write([
    {
      table: spec.name,
      timestampNs: at.map((index) => 1_700_000_000_000_000_000n + BigInt(index >> 1)),
      columns: [
        { type: 'symbol', name: 'symbol', values: at.map((index) => `S${index & 1}`) },
        { type: 'double', name: 'price', values: at.map((index) => index + 0.5) },
        { type: 'symbol', name: 'venue', values: 'Q' },
      ],
    },
  ]);
  await writer.close();
}

async function read(sql: string): Promise<unknown[]> {
  return (await pool.query<Record<string, unknown>>(sql)).rows;
}

function ensure(tables: readonly TableSpec[], migrations: readonly Migration[] = []): Promise<void> {
  return ensureSchema({ pg: stack.questdbPg, tables, migrations });
}

describe('schema', () => {
  afterAll(async () => {
    await pool.end();
  });

  it('creates every table of the catalogue, and again changes nothing', async () => {
    await ensureSchema({ pg: stack.questdbPg, tables: ALL_TABLES });
    await ensureSchema({ pg: stack.questdbPg, tables: ALL_TABLES });
    const [trades] = await read(
      `select designatedTimestamp ts, walEnabled wal, dedup from tables() where table_name = 'trades'`,
    );
    expect(trades).toEqual({ ts: 'ts', wal: true, dedup: true });
  });

  it('lets two processes that create the same table both succeed', async () => {
    const spec = versionOne();
    await Promise.all([ensure([spec]), ensure([spec]), ensure([spec])]);
    expect(await read(`select version from tickwell_schema where table_name = '${spec.name}'`)).toEqual([
      { version: '1' },
    ]);
  });

  it('brings a table from the version before up to date with its rows, column by column and by swap', async () => {
    const before = versionOne();
    await ensure([before]);
    await fill(before, 1_000);
    const added: TableSpec = {
      ...before,
      columns: { ...before.columns, seq: 'long' },
      dedupKeys: ['symbol', 'seq'],
    };
    const toTwo: Migration = {
      table: before.name,
      toVersion: 2,
      name: 'sequence numbers tell trades of equal time apart',
      steps: [
        { kind: 'add-column', column: 'seq', type: 'long' },
        { kind: 'dedup-keys', keys: ['ts', 'symbol', 'seq'] },
      ],
    };
    await Promise.all([ensure([added], [toTwo]), ensure([added], [toTwo]), ensure([added], [toTwo])]);
    expect(await read(`select count() n, sum(price) total from ${before.name}`)).toEqual([
      { n: '1000', total: 500_000 },
    ]);

    const swapped: TableSpec = {
      ...added,
      columns: { symbol: 'symbol', price: 'double', market: 'symbol', seq: 'long' },
      partitionBy: 'MONTH',
    };
    const toThree: Migration = {
      table: before.name,
      toVersion: 3,
      name: 'venue is called market; partitions of a month',
      steps: [{ kind: 'swap', layout: swapped, select: { market: 'venue' } }],
    };
    await Promise.all([ensure([swapped], [toTwo, toThree]), ensure([swapped], [toTwo, toThree])]);
    expect(await read(`select count() n, sum(price) total, min(market) market from ${before.name}`)).toEqual([
      { n: '1000', total: 500_000, market: 'Q' },
    ]);
    // Nothing is left to do, and the old rows are still there for whoever wants to go back.
    await ensure([swapped], [toTwo, toThree]);
    expect(await read(`select count() n from ${before.name}_before_v3`)).toEqual([{ n: '1000' }]);
  });

  it('goes on with a swap that died between its two renames', async () => {
    const before = versionOne();
    await ensure([before]);
    await fill(before, 10);
    const layout: TableSpec = { ...before, partitionBy: 'YEAR' };
    await pool.query(createTableSql(layout, `${before.name}_v2`));
    await pool.query(`rename table ${before.name} to ${before.name}_before_v2`);
    const swap: Migration = {
      table: before.name,
      toVersion: 2,
      name: 'years',
      steps: [{ kind: 'swap', layout, select: {} }],
    };
    await ensure([layout], [swap]);
    expect(await read(`select count() n from ${before.name}`)).toEqual([{ n: '10' }]);
  });

  it.each([
    [
      'a column is missing',
      (spec: TableSpec) => ({ ...spec, columns: { ...spec.columns, size: 'double' as const } }),
      /column size is missing, wanted DOUBLE: ALTER TABLE \w+ ADD COLUMN size DOUBLE/,
    ],
    [
      'a column has another type',
      (spec: TableSpec) => ({ ...spec, columns: { ...spec.columns, price: 'long' as const } }),
      /column price is DOUBLE, wanted LONG: rename/,
    ],
    [
      'the dedup keys differ',
      (spec: TableSpec) => ({ ...spec, dedupKeys: ['symbol', 'venue'] }),
      /dedup keys are \(symbol, ts\), wanted \(symbol, ts, venue\): ALTER TABLE \w+ DEDUP ENABLE/,
    ],
    [
      'the partitions differ',
      (spec: TableSpec) => ({ ...spec, partitionBy: 'YEAR' as const }),
      /partitioned by DAY, wanted YEAR/,
    ],
  ])('refuses a table in which %s, in one line with the remedy', async (_, change, message) => {
    const spec = versionOne();
    await ensure([spec]);
    const failed = ensure([change(spec)]);
    await expect(failed).rejects.toMatchObject({ code: 'schema-mismatch', retryable: false });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(new RegExp(`^table ${spec.name}`));
  });

  it('refuses a table of a newer release', async () => {
    const spec = versionOne();
    const migration: Migration = { table: spec.name, toVersion: 2, name: 'later', steps: [] };
    await ensure([spec], [migration]);
    await expect(ensure([spec])).rejects.toMatchObject({ code: 'schema-too-new' });
  });

  it('says that a table is gone that was there', async () => {
    const spec = versionOne();
    await ensure([spec]);
    await pool.query(`drop table ${spec.name}`);
    await expect(ensure([spec])).rejects.toThrow(/is gone although/);
  });

  it('reports an unreachable QuestDB as retryable', async () => {
    const failed = ensureSchema({ pg: { ...stack.questdbPg, port: 1 }, tables: [] });
    await expect(failed).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
  });
});
