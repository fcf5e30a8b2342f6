import { connect } from '@tickwell/client';
import { ALL_TABLES, ALL_TOPICS } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { KafkaLog } from '@tickwell/kafka';
import type { StackEndpoints } from '@tickwell/local-stack';
import { openLog } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { consumerLags, lagsText } from '../pipeline.ts';
import type { PlatformState } from '../platform/platform-state.ts';
import { StatusCollector } from '../status/collect.ts';
import { queryStore } from '../store.ts';
import { examine, fail, ok, warn, type Finding } from './check.ts';

const CALL_TIMEOUT_MS = 5_000;

/** What must hold of a Kafka and a QuestDB that run; nothing is created or changed. */
export async function serverChecks(
  context: CliContext,
  endpoints: StackEndpoints,
): Promise<readonly Finding[]> {
  const log = openLog(endpoints);
  const http = endpoints.questdbHttpUrl;
  try {
    return [
      await examine('topics', () => topicsCheck(log)),
      await examine('tables', () => tablesCheck(http)),
      await examine('suspended', () => suspendedCheck(http)),
      await examine('backlog', async () => {
        const lags = await consumerLags(log, context.env);
        return ok(lagsText(lags));
      }),
    ];
  } finally {
    await log.close();
  }
}

async function topicsCheck(log: KafkaLog): Promise<ReturnType<typeof ok | typeof fail>> {
  const missing: string[] = [];
  for (const { name } of ALL_TOPICS) {
    try {
      await log.describeTopic(name);
    } catch (error) {
      if (!(error instanceof TickwellError) || error.code !== 'topic-missing') throw error;
      missing.push(name);
    }
  }
  if (missing.length > 0)
    return fail(`Kafka lacks ${missing.join(', ')}: "tickwell up" creates what is missing`);
  // All are there, so this creates nothing and compares partitions, cleanup and retention.
  await log.ensureTopics(ALL_TOPICS);
  return ok(`${ALL_TOPICS.length} as in the catalogue`);
}

async function tablesCheck(http: string): Promise<ReturnType<typeof ok | typeof fail>> {
  const wrong: string[] = [];
  const names = new Set((await queryStore(http, 'select table_name from tables()')).map(([name]) => name));
  for (const table of ALL_TABLES) {
    if (!names.has(table.name)) {
      wrong.push(`${table.name} is missing`);
      continue;
    }
    const found = new Set(
      (await queryStore(http, `select "column" from table_columns('${table.name}')`)).map(([name]) => name),
    );
    const lacks = [table.timestamp, ...Object.keys(table.columns)].filter((name) => !found.has(name));
    if (lacks.length > 0) wrong.push(`${table.name} lacks ${lacks.join(', ')}`);
  }
  return wrong.length === 0
    ? ok(`${ALL_TABLES.length} as in the catalogue`)
    : fail(`${wrong.join('; ')}: "tickwell up" creates and migrates tables`);
}

/** A suspended table keeps accepting rows and shows none of them. */
async function suspendedCheck(http: string): Promise<ReturnType<typeof ok | typeof fail>> {
  const rows = await queryStore(http, 'select name from wal_tables() where suspended');
  const names = rows.map(([name]) => String(name));
  return names.length === 0
    ? ok('no table is suspended')
    : fail(
        `QuestDB suspended ${names.join(', ')}, whose new rows are not seen: free disk space, then run ${names
          .map((name) => `ALTER TABLE ${name} RESUME WAL`)
          .join('; ')}`,
      );
}

/** Every process of a running platform, and gRPC as a strategy calls it. */
export async function serviceChecks(
  context: CliContext,
  state: PlatformState,
  endpoints: StackEndpoints,
): Promise<readonly Finding[]> {
  const log = openLog(endpoints);
  try {
    const { parts } = await new StatusCollector(log, context.env).collect(state, endpoints);
    const findings = parts.map(({ part, state: is, reason, restarts = 0 }): Finding => {
      if (is !== 'ready') return { check: part, level: 'fail', message: `${is}: ${reason}` };
      return restarts > 0
        ? {
            check: part,
            ...warn(`ready, after ${restarts} restarts: ${logOf(state, part)} says why`),
          }
        : { check: part, ...ok('ready') };
    });
    const { grpcAddress } = state;
    if (grpcAddress === undefined) return findings;
    return [...findings, await examine('grpc', () => grpcCheck(grpcAddress))];
  } finally {
    await log.close();
  }
}

function logOf(state: PlatformState, part: string): string {
  return state.services.find(({ name, copy }) => `${name}-${copy}` === part)?.logFile ?? 'its log';
}

async function grpcCheck(address: string): Promise<ReturnType<typeof ok>> {
  const client = connect({ address, retry: { maxAttempts: 1 } });
  try {
    await client.instruments({ limit: 1, timeoutMs: CALL_TIMEOUT_MS });
    return ok(`${address} answers`);
  } finally {
    client.close();
  }
}
