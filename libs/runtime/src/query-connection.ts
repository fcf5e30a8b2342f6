import { readFileSync } from 'node:fs';
import { ConfigError, field } from './config.ts';

/** Of a service that is a client of query. */
export interface QueryConfig {
  /** Where query answers, host:port. */
  readonly queryAddress: string;
  /** Whether query is asked over TLS. */
  readonly queryTls: boolean;
  /** PEM; "": the certificate authorities of the system. */
  readonly queryCaFile: string;
  /** The first line that is no comment is the access token; "": none. */
  readonly queryTokenFile: string;
}

export const QUERY_FIELDS = {
  queryAddress: field.text('TICKWELL_QUERY_ADDRESS', '127.0.0.1:50051'),
  queryTls: field.flag('TICKWELL_QUERY_TLS', false),
  queryCaFile: field.text('TICKWELL_QUERY_CA_FILE', ''),
  queryTokenFile: field.text('TICKWELL_QUERY_TOKEN_FILE', ''),
} as const;

/** How to reach query. A file that cannot be read is an error that names variable and file. */
export function queryConnection(config: QueryConfig): {
  readonly address: string;
  readonly tls?: { readonly caPem?: string };
  readonly token?: string;
} {
  const { queryAddress: address, queryTls, queryCaFile, queryTokenFile } = config;
  const ca = queryCaFile === '' ? {} : { caPem: readSetting('TICKWELL_QUERY_CA_FILE', queryCaFile) };
  const tls = queryTls || queryCaFile !== '' ? { tls: ca } : {};
  if (queryTokenFile === '') return { address, ...tls };
  const token = readSetting('TICKWELL_QUERY_TOKEN_FILE', queryTokenFile)
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#'));
  if (token === undefined)
    throw new ConfigError([`TICKWELL_QUERY_TOKEN_FILE="${queryTokenFile}": holds no token`]);
  return { address, ...tls, token };
}

function readSetting(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError([`${name}="${path}": cannot be read: ${problem}`]);
  }
}
