import { create, toBinary } from '@bufbuild/protobuf';
import { connect, type TickwellClient } from '@tickwell/client';
import {
  ALL_TABLES,
  ALL_TOPICS,
  TABLES,
  TOPICS,
  causeToProto,
  contentType,
  decodeTickBatch,
  encodeTickBatch,
  events,
} from '@tickwell/contracts';
import { CauseMarks, emptyTrades } from '@tickwell/domain';
import { GrpcServer, bindMarketData } from '@tickwell/grpc';
import { compileSchema } from '@tickwell/json-schema';
import { createKafkaLog, partitionForKey, type KafkaLog } from '@tickwell/kafka';
import { SILENT, type EventSink, type TableRows, type TableWriter } from '@tickwell/ports';
import { createQuestdbReader, createQuestdbWriter, ensureSchema } from '@tickwell/questdb';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { QueryService } from './service.ts';

const stack = inject('stack');
const endpoints = { httpUrl: stack.questdbHttpUrl, pg: stack.questdbPg };
const TICKS = TOPICS.ticks.name;
const run = Date.now().toString(36);
const SYMBOLS = ['SEAMA', 'SEAMB', 'SEAMC'].map((name) => `${name}-${run}`);
const EVENTS = 1_200;
const PER_RECORD = 5;

let log: KafkaLog;
let sink: EventSink;
let writer: TableWriter;

beforeAll(async () => {
  log = createKafkaLog({ brokers: stack.kafkaBrokers, clientId: 'seam-test', logger: SILENT });
  await log.ensureTopics(ALL_TOPICS);
  await ensureSchema({ pg: stack.questdbPg, tables: ALL_TABLES });
  sink = await log.createSink({ name: 'seam-test' });
  writer = createQuestdbWriter({ endpoints, tables: ALL_TABLES });
});

afterAll(async () => {
  await sink.close();
  await writer.close();
  await log.close();
});

/** The service as main.ts wires it, in this process. */
async function startQuery(port: number): Promise<{ port: number; stop: () => Promise<void> }> {
  const service = new QueryService({
    log: createKafkaLog({ brokers: stack.kafkaBrokers, clientId: 'seam-query', logger: SILENT }),
    reader: createQuestdbReader({ endpoints: { ...endpoints, pg: stack.questdbPgReadonly } }),
    logger: SILENT,
    partitionOf: partitionForKey,
    nowNs: () => 1n,
    compileSchema,
    heartbeatMs: 1_000,
    queue: { messages: 10_000, bytes: 8 * 1024 * 1024 },
  });
  const server = new GrpcServer({ host: '127.0.0.1', port, methods: bindMarketData(service.calls) });
  const ran = service.run(server);
  await expect.poll(() => service.notReady(), { timeout: 30_000 }).toBeUndefined();
  return {
    port: server.port,
    stop: async () => {
      await service.stop();
      await ran;
    },
  };
}

/** Writes one record of trades whose times are their numbers; every seventh twice, as after a lost acknowledgement. */
async function writeTrades(symbol: string, first: number): Promise<void> {
  const timeNs = Array.from({ length: PER_RECORD }, (_, n) => BigInt(first + n + 1));
  const header = {
    source: 'seam',
    symbol,
    cause: { origin: `seam-${run}#${symbol}`, n: timeNs.at(-1) ?? 0n, k: 0 },
    knownAtNs: 1n,
    watermarkNs: 0n,
    replayOf: '',
    priceBasis: 'raw',
  } as const;
  const price = timeNs.map(Number);
  const trades = { ...emptyTrades(), timeNs, seq: timeNs.map(() => 0n), price, size: price };
  const value = encodeTickBatch({ kind: 'trades', header, trades, positions: [] });
  const record = {
    topic: TICKS,
    key: symbol,
    value,
    headers: { 'content-type': contentType('tickwell.events.v1.TickBatch') },
  };
  await sink.send(first % 7 === 0 ? [record, record] : [record]);
}

/** What storage does with one partition of md.ticks: rows of this run's trades, then the commit. */
class Storage {
  readonly #partition: number;
  readonly #marks = new CauseMarks();
  #next = 0n;

  constructor(partition: number) {
    this.#partition = partition;
  }

  async store(): Promise<void> {
    const { epoch, partitions } = await log.describeTopic(TICKS);
    const toOffset = partitions.find((one) => one.partition === this.#partition)?.endOffset ?? 0n;
    const range = { topic: TICKS, partition: this.#partition, fromOffset: this.#next, toOffset };
    const rows: TableRows[] = [];
    for await (const records of log.readRange(range)) {
      for (const record of records) {
        const decoded = record.value === null ? undefined : decodeTickBatch(record.value, false);
        if (decoded?.ok !== true || decoded.value.kind !== 'trades' || !SYMBOLS.includes(record.key ?? ''))
          continue;
        const { header, trades } = decoded.value;
        if (!this.#marks.advance(header.cause)) continue;
        const columns = [
          { type: 'symbol', name: 'symbol', values: header.symbol },
          { type: 'symbol', name: 'source', values: header.source },
          { type: 'symbol', name: 'epoch', values: epoch },
          { type: 'long', name: 'record_offset', values: record.offset },
          { type: 'timestamp', name: 'known_at', values: header.knownAtNs },
          { type: 'long', name: 'seq', values: trades.seq },
          { type: 'double', name: 'price', values: trades.price },
          { type: 'double', name: 'size', values: trades.size },
        ] as const;
        rows.push({ table: TABLES.trades.name, timestampNs: trades.timeNs, columns });
      }
    }
    if (rows.length > 0) await writer.write(rows);
    this.#next = toOffset;
    const commit = create(events.StoreCommitSchema, {
      topic: TICKS,
      epoch,
      partition: this.#partition,
      nextOffset: toOffset,
      marks: this.#marks.snapshot().map(causeToProto),
    });
    const value = toBinary(events.StoreCommitSchema, commit);
    await sink.send([
      { topic: TOPICS.storeCommits.name, key: `${TICKS}/${this.#partition}`, value, headers: {} },
    ]);
  }
}

interface Reading {
  readonly symbol: string;
  readonly since: number;
  readonly prices: number[];
  live: boolean;
  readonly done: Promise<void>;
}

function read(client: TickwellClient, symbol: string, since: number): Reading {
  const prices: number[] = [];
  const go = async (): Promise<void> => {
    const subscription = client.subscribe({ symbols: [symbol], kinds: ['trades'], sinceNs: BigInt(since) });
    for await (const event of subscription) {
      if (event.kind === 'live') reading.live = true;
      if (event.kind === 'trades') prices.push(...event.trades.price);
      if (prices.at(-1) === EVENTS) return;
    }
  };
  const reading: Reading = { symbol, since, prices, live: false, done: go() };
  // Looked at when all are awaited.
  reading.done.catch(() => undefined);
  return reading;
}

it('history from QuestDB, the rest from Kafka, then live: each trade once through a restart, whenever a reader joins', async () => {
  let query = await startQuery(0);
  const { port } = query;
  const client = connect({ address: `127.0.0.1:${port}`, retry: { maxAttempts: 100 } });
  const count = (await log.describeTopic(TICKS)).partitions.length;
  const storages = [...new Set(SYMBOLS.map((symbol) => partitionForKey(symbol, count)))].map(
    (one) => new Storage(one),
  );
  const readings: Reading[] = [];
  for (let first = 0; first < EVENTS; first += PER_RECORD) {
    await Promise.all(SYMBOLS.map((symbol) => writeTrades(symbol, first)));
    if (first % 300 === 0) await Promise.all(storages.map((storage) => storage.store()));
    if (first % 100 === 0) {
      const symbol = SYMBOLS[(first / 100) % SYMBOLS.length] ?? '';
      readings.push(read(client, symbol, Math.floor(Math.random() * (first + 50))));
    }
    if (first === 600) {
      await expect.poll(() => readings.every((reading) => reading.live), { timeout: 30_000 }).toBe(true);
      await query.stop();
      query = await startQuery(port);
    }
  }
  await Promise.all(readings.map((reading) => reading.done));
  for (const { symbol, since, prices } of readings) {
    const from = Math.max(since, 1);
    const wanted = Array.from({ length: EVENTS - from + 1 }, (_, n) => from + n);
    expect({ symbol, since, prices }).toEqual({ symbol, since, prices: wanted });
  }
  client.close();
  await query.stop();
});
