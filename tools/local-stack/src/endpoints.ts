import { LocalStackError } from './errors.ts';
import { DEFAULT_PORTS, LOOPBACK } from './ports.ts';
import { PG_DATABASE, PG_USER } from './questdb-config.ts';
import type { PgEndpoint, StackEndpoints } from './types.ts';

/** The variables that services read and that name servers which already run. */
const ENDPOINT_VARIABLES = {
  kafkaBrokers: 'TICKWELL_KAFKA_BROKERS',
  questdbHttpUrl: 'TICKWELL_QUESTDB_HTTP_URL',
  questdbPgUrl: 'TICKWELL_QUESTDB_PG_URL',
  questdbPgReadonlyUrl: 'TICKWELL_QUESTDB_PG_READONLY_URL',
} as const;

/** What to do about Kafka and QuestDB, as the environment says. */
export interface StackEnvironment {
  /** Servers that already run; undefined where none are named. */
  readonly endpoints: StackEndpoints | undefined;
  readonly docker: boolean;
  readonly kafkaPort: number | undefined;
  readonly questdbHttpPort: number | undefined;
  readonly questdbPgPort: number | undefined;
}

/**
 * Reads `TICKWELL_KAFKA_BROKERS`, `TICKWELL_QUESTDB_*`, `TICKWELL_STACK` and the port variables.
 *
 * @throws LocalStackError `stack.bad_config` naming everything that is wrong at once.
 */
export function parseStackEnvironment(env: NodeJS.ProcessEnv): StackEnvironment {
  const errors: string[] = [];
  const endpoints = parseEndpoints(env, errors);
  const stack = text(env, 'TICKWELL_STACK');
  if (stack !== undefined && stack !== 'docker' && stack !== 'jars') {
    errors.push(`TICKWELL_STACK is "${stack}": it may be "jars" (the default) or "docker"`);
  }
  const parsed: StackEnvironment = Object.freeze({
    endpoints,
    docker: stack === 'docker',
    kafkaPort: parsePort(env, 'TICKWELL_KAFKA_PORT', errors),
    questdbHttpPort: parsePort(env, 'TICKWELL_QUESTDB_HTTP_PORT', errors),
    questdbPgPort: parsePort(env, 'TICKWELL_QUESTDB_PG_PORT', errors),
  });
  if (errors.length > 0) throw new LocalStackError('stack.bad_config', errors.join('; '));
  return parsed;
}

/** The same endpoints as environment variables, for the services that are started beside the stack. */
export function endpointVariables(endpoints: StackEndpoints): Record<string, string> {
  return {
    [ENDPOINT_VARIABLES.kafkaBrokers]: endpoints.kafkaBrokers.join(','),
    [ENDPOINT_VARIABLES.questdbHttpUrl]: endpoints.questdbHttpUrl,
    [ENDPOINT_VARIABLES.questdbPgUrl]: pgUrl(endpoints.questdbPg),
    [ENDPOINT_VARIABLES.questdbPgReadonlyUrl]: pgUrl(endpoints.questdbPgReadonly),
  };
}

export function pgUrl(pg: PgEndpoint): string {
  const user = encodeURIComponent(pg.user);
  return `postgres://${user}:${encodeURIComponent(pg.password)}@${pg.host}:${pg.port}/${encodeURIComponent(pg.database)}`;
}

function parseEndpoints(env: NodeJS.ProcessEnv, errors: string[]): StackEndpoints | undefined {
  const brokers = text(env, ENDPOINT_VARIABLES.kafkaBrokers);
  const http = text(env, ENDPOINT_VARIABLES.questdbHttpUrl);
  if (brokers === undefined && http === undefined) return undefined;
  if (brokers === undefined || http === undefined) {
    const [set, missing] = [ENDPOINT_VARIABLES.kafkaBrokers, ENDPOINT_VARIABLES.questdbHttpUrl];
    const [have, lack] = brokers === undefined ? [missing, set] : [set, missing];
    errors.push(`${have} is set and ${lack} is not: set both, or neither`);
    return undefined;
  }
  const kafkaBrokers = brokers.split(',').map((broker) => broker.trim());
  for (const broker of kafkaBrokers) {
    if (!/^(\[[0-9a-f:]+\]|[^:\s/]+):\d{1,5}$/i.test(broker)) {
      errors.push(`${ENDPOINT_VARIABLES.kafkaBrokers}: "${broker}" is not host:port`);
    }
  }
  const url = URL.canParse(http) ? new URL(http) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    errors.push(`${ENDPOINT_VARIABLES.questdbHttpUrl}: "${http}" is not an http URL`);
    return undefined;
  }
  const questdbPg = parsePgUrl(env, ENDPOINT_VARIABLES.questdbPgUrl, errors) ?? defaultPg(url.hostname);
  const questdbPgReadonly = parsePgUrl(env, ENDPOINT_VARIABLES.questdbPgReadonlyUrl, errors) ?? questdbPg;
  return { kafkaBrokers, questdbHttpUrl: http.replace(/\/+$/, ''), questdbPg, questdbPgReadonly };
}

/** A QuestDB nobody configured: its documented user and password, on the host of its HTTP endpoint. */
function defaultPg(host: string): PgEndpoint {
  return { host, port: DEFAULT_PORTS.questdbPg, user: 'admin', password: 'quest', database: PG_DATABASE };
}

function parsePgUrl(env: NodeJS.ProcessEnv, name: string, errors: string[]): PgEndpoint | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    // The value holds a password, so it is not repeated.
    errors.push(`${name} is not of the form postgres://user:password@host:port/database`);
    return undefined;
  }
  return {
    host: url.hostname === '' ? LOOPBACK : url.hostname,
    port: url.port === '' ? DEFAULT_PORTS.questdbPg : Number(url.port),
    user: url.username === '' ? PG_USER : decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || PG_DATABASE,
  };
}

function parsePort(env: NodeJS.ProcessEnv, name: string, errors: string[]): number | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (port >= 0 && port < 65_536) return port;
  errors.push(`${name} is "${value}": a port is a number from 0 (any free one) to 65535`);
  return undefined;
}

function text(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}
