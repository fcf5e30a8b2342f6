import pg from 'pg';
import type { PgEndpoint } from './endpoints.ts';
import { storeUnavailable } from './errors.ts';

export interface PgLimits {
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

/** A pool that never outgrows QuestDB's connection limit; the statement timeout only works as a start-up option. */
export function createPool(endpoint: PgEndpoint, limits: PgLimits): pg.Pool {
  const pool = new pg.Pool({
    ...endpoint,
    max: limits.maxConnections,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    options: `-c statement_timeout=${limits.statementTimeoutMs}`,
    allowExitOnIdle: true,
  });
  // A dead idle connection is no event: the next query opens another.
  pool.on('error', () => undefined);
  return pool;
}

/** Rows of strings and nulls: QuestDB sends text, and bigints must not pass through doubles. */
export type TextRow = readonly (string | null)[];

const AS_TEXT = {
  getTypeParser:
    () =>
    (value: string | Buffer): string =>
      value.toString(),
};

/** A query whose every value arrives as text. */
export function textQuery(text: string, values: readonly string[] = [], name?: string): pg.QueryArrayConfig {
  return {
    text,
    values: [...values],
    rowMode: 'array',
    types: AS_TEXT,
    ...(name === undefined ? {} : { name }),
  };
}

/** Runs one statement; whatever fails is the store's state. */
export async function queryText(
  pool: Pick<pg.Pool, 'query'>,
  what: string,
  text: string,
  values: readonly string[] = [],
): Promise<TextRow[]> {
  try {
    const result = await pool.query<(string | null)[]>(textQuery(text, values));
    return result.rows;
  } catch (error) {
    throw storeUnavailable(what, error);
  }
}
