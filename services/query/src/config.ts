import { readFileSync } from 'node:fs';
import { ok, type Result } from '@tickwell/domain';
import {
  ConfigError,
  RUNTIME_FIELDS,
  field,
  readConfig,
  type Env,
  type RuntimeConfig,
} from '@tickwell/runtime';

export interface QueryConfig extends RuntimeConfig {
  readonly kafkaBrokers: readonly string[];
  readonly questdbHttpUrl: URL;
  /** postgres://user:password@host:port/database */
  readonly questdbPgUrl: URL;
  readonly grpcHost: string;
  /** 0: any free port. */
  readonly grpcPort: number;
  /** PEM files; both or neither. "" serves plain text, on loopback only. */
  readonly grpcTlsCertFile: string;
  readonly grpcTlsKeyFile: string;
  /** A file with one access token per line; "" asks nobody for one, on loopback only. */
  readonly grpcTokensFile: string;
  /** A reader who takes nothing for so long is cut. */
  readonly stallMs: number;
  readonly heartbeatMs: number;
  /** What may wait for one subscriber. */
  readonly queueMessages: number;
  readonly queueBytes: number;
  /** Memory for what is cached of answers; 0: nothing is. */
  readonly cacheBytes: number;
  /** A Redis that all query processes share as a second level of the cache. */
  readonly redisUrl: URL | undefined;
  /** What is cached is forgotten after so long, whatever happens to it. */
  readonly cacheMaxAgeMs: number;
  /** Names of users' own indicators that were loaded. */
  readonly ownIndicators: readonly string[];
}

const REDIS_URL = field.url('TICKWELL_REDIS_URL', ['redis:', 'rediss:']);

/**
 * `modules`: what came of the files that TICKWELL_INDICATOR_MODULES names, which are loaded before.
 * @throws ConfigError with every problem at once
 */
export function readQueryConfig(env: Env, modules: Result<readonly string[], string> = ok([])): QueryConfig {
  const config = readConfig<QueryConfig>(env, {
    ...RUNTIME_FIELDS,
    kafkaBrokers: field.list('TICKWELL_KAFKA_BROKERS'),
    questdbHttpUrl: field.url('TICKWELL_QUESTDB_HTTP_URL', ['http:', 'https:']),
    questdbPgUrl: field.url('TICKWELL_QUESTDB_PG_URL', ['postgres:', 'postgresql:']),
    grpcHost: field.text('TICKWELL_GRPC_HOST', '127.0.0.1'),
    grpcPort: field.port('TICKWELL_GRPC_PORT', 50_051),
    grpcTlsCertFile: field.text('TICKWELL_GRPC_TLS_CERT_FILE', ''),
    grpcTlsKeyFile: field.text('TICKWELL_GRPC_TLS_KEY_FILE', ''),
    grpcTokensFile: field.text('TICKWELL_GRPC_TOKENS_FILE', ''),
    stallMs: field.integer('TICKWELL_GRPC_STALL_MS', { min: 100, max: 3_600_000, fallback: 30_000 }),
    heartbeatMs: field.integer('TICKWELL_GRPC_HEARTBEAT_MS', { min: 100, max: 600_000, fallback: 10_000 }),
    queueMessages: field.integer('TICKWELL_SUBSCRIBER_QUEUE_MESSAGES', {
      min: 10,
      max: 1_000_000,
      fallback: 10_000,
    }),
    queueBytes: field.integer('TICKWELL_SUBSCRIBER_QUEUE_BYTES', {
      min: 1024 * 1024,
      max: 1024 * 1024 * 1024,
      fallback: 8 * 1024 * 1024,
    }),
    cacheBytes: field.integer('TICKWELL_CACHE_BYTES', {
      min: 0,
      max: 64 * 1024 * 1024 * 1024,
      fallback: 128 * 1024 * 1024,
    }),
    redisUrl: {
      name: REDIS_URL.name,
      parse: (text) => (text === undefined ? { ok: true, value: undefined } : REDIS_URL.parse(text)),
    },
    cacheMaxAgeMs: field.integer('TICKWELL_CACHE_MAX_AGE_MS', {
      min: 1_000,
      max: 86_400_000,
      fallback: 600_000,
    }),
    ownIndicators: {
      name: 'TICKWELL_INDICATOR_MODULES',
      parse: () => (modules.ok ? modules : { ok: false, problem: modules.error }),
    },
  });
  if ((config.grpcTlsCertFile === '') !== (config.grpcTlsKeyFile === '')) {
    throw new ConfigError([
      'TICKWELL_GRPC_TLS_CERT_FILE and TICKWELL_GRPC_TLS_KEY_FILE: set both or neither',
    ]);
  }
  return config;
}

export interface ExposureFiles {
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  readonly auth?: { readonly tokens: readonly string[] };
}

/** Reads the certificate and the tokens; a file that cannot be read is an error that names variable and file. */
export function readExposure(config: QueryConfig): ExposureFiles {
  const { grpcTlsCertFile, grpcTlsKeyFile, grpcTokensFile } = config;
  const tls =
    grpcTlsCertFile === ''
      ? {}
      : {
          tls: {
            certPem: readSetting('TICKWELL_GRPC_TLS_CERT_FILE', grpcTlsCertFile),
            keyPem: readSetting('TICKWELL_GRPC_TLS_KEY_FILE', grpcTlsKeyFile),
          },
        };
  if (grpcTokensFile === '') return tls;
  const tokens = readSetting('TICKWELL_GRPC_TOKENS_FILE', grpcTokensFile)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (tokens.length === 0)
    throw new ConfigError([`TICKWELL_GRPC_TOKENS_FILE="${grpcTokensFile}": holds no token`]);
  return { ...tls, auth: { tokens } };
}

function readSetting(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError([`${name}="${path}": cannot be read: ${problem}`]);
  }
}
