/** Where QuestDB is. Passwords never appear in messages. */
export interface QuestdbEndpoints {
  /** For rows in (ILP) and Parquet out, for example http://127.0.0.1:9000; may hold user:password@. */
  readonly httpUrl: string;
  readonly pg: PgEndpoint;
}

export interface PgEndpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Parses postgres://user:password@host:port/database; undefined when it is not one. */
export function parsePgUrl(text: string): PgEndpoint | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!['postgres:', 'postgresql:'].includes(url.protocol) || url.hostname === '') return undefined;
  return {
    host: url.hostname,
    port: url.port === '' ? 8812 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || 'qdb',
  };
}
