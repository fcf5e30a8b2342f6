import { readFileSync } from 'node:fs';
import {
  ConfigError,
  RUNTIME_FIELDS,
  field,
  readConfig,
  type Env,
  type RuntimeConfig,
} from '@tickwell/runtime';

export interface MonitorConfig extends RuntimeConfig {
  readonly kafkaBrokers: readonly string[];
  /** Of the copies with the same group, one runs the tasks. */
  readonly groupId: string;
  /** Where query answers, host:port. */
  readonly queryAddress: string;
  /** Whether query is asked over TLS. */
  readonly queryTls: boolean;
  /** PEM; "": the certificate authorities of the system. */
  readonly queryCaFile: string;
  /** The first line that is no comment is the access token; "": none. */
  readonly queryTokenFile: string;
  /** Rules of alerts are evaluated so often. */
  readonly alertsIntervalMs: number;
  readonly checkpointIntervalMs: number;
}

/** @throws ConfigError with every problem at once. */
export function readMonitorConfig(env: Env): MonitorConfig {
  return readConfig<MonitorConfig>(env, {
    ...RUNTIME_FIELDS,
    kafkaBrokers: field.list('TICKWELL_KAFKA_BROKERS'),
    groupId: field.text('TICKWELL_MONITOR_GROUP', 'tickwell-monitor'),
    queryAddress: field.text('TICKWELL_QUERY_ADDRESS', '127.0.0.1:50051'),
    queryTls: field.flag('TICKWELL_QUERY_TLS', false),
    queryCaFile: field.text('TICKWELL_QUERY_CA_FILE', ''),
    queryTokenFile: field.text('TICKWELL_QUERY_TOKEN_FILE', ''),
    alertsIntervalMs: field.integer('TICKWELL_ALERTS_INTERVAL_MS', {
      min: 100,
      max: 3_600_000,
      fallback: 10_000,
    }),
    checkpointIntervalMs: field.integer('TICKWELL_CHECKPOINT_INTERVAL_MS', {
      min: 50,
      max: 600_000,
      fallback: 2_000,
    }),
  });
}

/** How to reach query. A file that cannot be read is an error that names variable and file. */
export function queryConnection(config: MonitorConfig): {
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
