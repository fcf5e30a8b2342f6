import { systemClock } from '@tickwell/runtime';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ALL_TABLES,
  ALL_TOPICS,
  HEADER_CONTENT_TYPE,
  TOPICS,
  contentType,
  encodeTickBatch,
} from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { startStack, type PgEndpoint } from '@tickwell/local-stack';
import { SILENT, type NewRecord } from '@tickwell/ports';
import { createQuestdbWriter, ensureSchema } from '@tickwell/questdb';
import { createFaultProxy } from '@tickwell/testkit';
import pg from 'pg';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { StorageService, type StorageOptions } from './service.ts';

interface Endpoints {
  readonly kafkaBrokers: readonly string[];
  readonly questdbHttpUrl: string;
  readonly questdbPg: PgEndpoint;
}

const MAIN = join(import.meta.dirname, 'main.ts');
const T = 1_700_000_000_000_000_000n;
const RECORDS = 400;
const PER_RECORD = 100;
const OPTIONS: Omit<StorageOptions, 'groupId'> = {
  commitIntervalMs: 20,
  closeDeadlineMs: 5_000,
  store: {
    maxBatchRows: 2_000,
    maxBatchBytes: 1 << 22,
    maxWrites: 3,
    minParallelRows: 500,
    minSpacingMs: 20,
    minRetryMs: 20,
    maxRetryMs: 500,
  },
};

let serial = 0;
const cleanups: (() => Promise<unknown>)[] = [];
const children: ChildProcess[] = [];

/** A name no other run and no other case uses. */
const fresh = (): string => `R${process.pid}.${Date.now().toString(36)}.${(serial += 1)}`.toUpperCase();

/** Records of four symbols, one per partition; the price of a trade is its number, so that a sum tells which are there. */
function ticks(run: string, index: number): NewRecord {
  const partition = index % 4;
  const at = Array.from({ length: PER_RECORD }, (_, row) => index * PER_RECORD + row);
  const value = encodeTickBatch({
    kind: 'trades',
    header: {
      ...{ source: 'file:real', symbol: `${run}-${partition}`, knownAtNs: T, watermarkNs: 0n, replayOf: '' },
      cause: { origin: `${run}/${partition}`, n: BigInt(index + 1), k: 0 },
      priceBasis: 'raw',
    },
    trades: {
      ...{ timeNs: at.map((n) => T + BigInt(n) * 1_000_003n), seq: at.map(() => 0n) },
      ...{ price: at.map((n) => n + 1), size: at.map(() => 1), conditions: [], venue: [] },
    },
    positions: [],
  });
  const headers = { [HEADER_CONTENT_TYPE]: contentType(TOPICS.ticks.type) };
  return { topic: TOPICS.ticks.name, partition, key: `${run}-${partition}`, value, headers };
}

async function produce(endpoints: Endpoints, records: readonly NewRecord[]): Promise<void> {
  const log = createKafkaLog({ brokers: endpoints.kafkaBrokers, clientId: 'test', logger: SILENT });
  await log.ensureTopics(ALL_TOPICS);
  const sink = await log.createSink({ name: 'test' });
  await sink.send(records);
  await sink.close();
  await log.close();
}

async function startService(endpoints: Endpoints, groupId: string): Promise<StorageService> {
  const questdb = { httpUrl: endpoints.questdbHttpUrl, pg: endpoints.questdbPg };
  const service = new StorageService({
    log: createKafkaLog({ brokers: endpoints.kafkaBrokers, clientId: 'test-storage', logger: SILENT }),
    writer: createQuestdbWriter({
      endpoints: questdb,
      tables: ALL_TABLES,
      requestTimeoutMs: 5_000,
      visibleTimeoutMs: 10_000,
    }),
    prepareStore: () => ensureSchema({ pg: questdb.pg, tables: ALL_TABLES }),
    ...{ clock: systemClock, logger: SILENT, options: { ...OPTIONS, groupId } },
  });
  cleanups.push(() => service.stop());
  service.run().catch(() => undefined);
  return Promise.resolve(service);
}

/** What is stored of a run, and what belongs there. */
async function stored(endpoints: Endpoints, run: string): Promise<{ rows: number; sum: number }> {
  const client = new pg.Client({ ...endpoints.questdbPg });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ n: string; total: number | null }>(
      'select count() n, sum(price) total from trades where starts_with(symbol, $1)',
      [run],
    );
    return { rows: Number(rows[0]?.n ?? 0), sum: rows[0]?.total ?? 0 };
  } catch {
    return { rows: 0, sum: 0 };
  } finally {
    await client.end().catch(() => undefined);
  }
}

const all = (records: number): { rows: number; sum: number } => {
  const rows = records * PER_RECORD;
  return { rows, sum: (rows * (rows + 1)) / 2 };
};

async function untilRows(endpoints: Endpoints, run: string, rows: number): Promise<void> {
  while ((await stored(endpoints, run)).rows < rows) await sleep(50);
}

function spawnStorage(endpoints: Endpoints, groupId: string): ChildProcess {
  const { questdbPg: own } = endpoints;
  const env = {
    ...process.env,
    TICKWELL_KAFKA_BROKERS: endpoints.kafkaBrokers.join(','),
    TICKWELL_QUESTDB_HTTP_URL: endpoints.questdbHttpUrl,
    TICKWELL_QUESTDB_PG_URL: `postgres://${own.user}:${encodeURIComponent(own.password)}@${own.host}:${own.port}/${own.database}`,
    TICKWELL_STORAGE_GROUP: groupId,
    TICKWELL_STORAGE_MAX_BATCH_ROWS: '1000',
    TICKWELL_METRICS_PORT: '0',
    TICKWELL_LOG_LEVEL: 'warn',
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

const records = (run: string, from: number, to: number): NewRecord[] =>
  Array.from({ length: to - from }, (_, index) => ticks(run, from + index));

describe('storage on real Kafka and QuestDB', () => {
  const stack: Endpoints = inject('stack');

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('a restart goes on from its marks, and what was produced twice is stored once', async () => {
    const [run, group] = [fresh(), fresh()];
    await produce(stack, records(run, 0, RECORDS / 2));
    const first = await startService(stack, group);
    await untilRows(stack, run, (RECORDS / 2) * PER_RECORD);
    await first.stop();
    // A writer that lost its acknowledgements repeats what is durable, and goes on.
    await produce(stack, records(run, RECORDS / 4, RECORDS));
    await startService(stack, group);
    await untilRows(stack, run, RECORDS * PER_RECORD);
    expect(await stored(stack, run)).toEqual(all(RECORDS));
  });

  it('failed flushes lose nothing and store nothing twice: requests cut in the middle, answers cut off, ports closed', async () => {
    const [run, group] = [fresh(), fresh()];
    const { hostname, port } = new URL(stack.questdbHttpUrl);
    const proxy = await createFaultProxy({
      target: { host: hostname, port: Number(port) },
      protocol: 'bytes',
    });
    cleanups.push(() => proxy.close());
    await produce(stack, records(run, 0, RECORDS));
    proxy.cutAfterBytes(100_000);
    const service = await startService(
      { ...stack, questdbHttpUrl: `http://${proxy.host}:${proxy.port}` },
      group,
    );
    await untilRows(stack, run, 1);
    proxy.cutAfterBytes(150_001);
    await untilRows(stack, run, 10_000);
    proxy.refuse(true);
    proxy.cut();
    while (service.notReady() === undefined && (await stored(stack, run)).rows < RECORDS * PER_RECORD)
      await sleep(10);
    proxy.refuse(false);
    await untilRows(stack, run, RECORDS * PER_RECORD);
    expect(await stored(stack, run)).toEqual(all(RECORDS));
  });

  it('two processes share the load, and one killed with -9 hands its share over', async () => {
    const [run, group] = [fresh(), fresh()];
    await produce(stack, records(run, 0, RECORDS / 2));
    const [a, b] = [spawnStorage(stack, group), spawnStorage(stack, group)];
    await untilRows(stack, run, (RECORDS * PER_RECORD) / 4);
    await produce(stack, records(run, RECORDS / 2, RECORDS));
    a.kill('SIGKILL');
    await untilRows(stack, run, RECORDS * PER_RECORD);
    expect(await stored(stack, run)).toEqual(all(RECORDS));
    b.kill('SIGTERM');
    expect(await once(b, 'exit')).toEqual([0, null]);
  });

  it('kill -9 of QuestDB in the middle of writes ends with every row once', async () => {
    const own = await startStack({
      dataDir: await mkdtemp(join(tmpdir(), 'storage-kill-')),
      ephemeral: true,
    });
    cleanups.push(() => own.stop());
    const [run, group] = [fresh(), fresh()];
    await produce(own, records(run, 0, RECORDS));
    await startService(own, group);
    await untilRows(own, run, 2_000);
    await own.questdb.kill('SIGKILL');
    await own.questdb.restart();
    await untilRows(own, run, RECORDS * PER_RECORD);
    expect(await stored(own, run)).toEqual(all(RECORDS));
  });
});
