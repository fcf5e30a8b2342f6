import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { storeUnavailable } from './errors.ts';
import { queryText, type TextRow } from './pg-client.ts';
import { quoteName } from './sql.ts';
import { PgWalStore } from './table-writer.ts';

export interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly key: boolean;
}

export interface FoundTable {
  readonly name: string;
  readonly timestamp: string;
  readonly partitionBy: string;
  readonly wal: boolean;
  readonly dedup: boolean;
}

/** The statements that reading and changing the schema needs. Names are those of the catalogue. */
export class SchemaSql {
  readonly #pool: pg.Pool;
  readonly #deadlineMs: number;

  constructor(pool: pg.Pool, deadlineMs: number) {
    this.#pool = pool;
    this.#deadlineMs = deadlineMs;
  }

  run(what: string, sql: string, values: readonly string[] = []): Promise<TextRow[]> {
    return queryText(this.#pool, what, sql, values);
  }

  async tables(): Promise<Map<string, FoundTable>> {
    const rows = await this.run(
      'listing the tables failed',
      'select table_name, designatedTimestamp, partitionBy, walEnabled, dedup from tables()',
    );
    return new Map(
      rows.map(([name, timestamp, partitionBy, wal, dedup]) => [
        name ?? '',
        {
          name: name ?? '',
          timestamp: timestamp ?? '',
          partitionBy: partitionBy ?? '',
          wal: isTrue(wal),
          dedup: isTrue(dedup),
        },
      ]),
    );
  }

  async columns(table: string): Promise<FoundColumn[]> {
    const rows = await this.run(
      `reading the columns of ${table} failed`,
      `select "column", "type", "upsertKey" from table_columns('${table}')`,
    );
    return rows.map(([name, type, key]) => ({ name: name ?? '', type: type ?? '', key: isTrue(key) }));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.run(`renaming ${from} failed`, `RENAME TABLE ${quoteName(from)} TO ${quoteName(to)}`);
  }

  /** Waits until everything written to the table can be read. */
  async settle(table: string): Promise<void> {
    const store = new PgWalStore(this.#pool);
    const deadline = performance.now() + this.#deadlineMs;
    let target: bigint | undefined;
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 100)) {
      const state = (await store.readStates()).find((found) => found.table === table);
      target ??= state?.sequencerTxn;
      if (state !== undefined && target !== undefined && state.writerTxn >= target) return;
      if (performance.now() > deadline) {
        throw storeUnavailable(`table ${table} did not apply its changes within ${this.#deadlineMs} ms`);
      }
      await sleep(waitMs);
    }
  }
}

function isTrue(text: string | null | undefined): boolean {
  return text === 't' || text === 'true';
}
