import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ALL_TOPICS,
  HEADER_CONTENT_TYPE,
  TABLES,
  TOPICS,
  contentType,
  encodeMessage,
  encodeTickBatch,
  events,
  headerToProto,
  parseMessage,
  type TopicSpec,
} from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import {
  SILENT,
  type Clock,
  type EventLog,
  type NewRecord,
  type TableRows,
  type TableWriter,
} from '@tickwell/ports';
import { MemoryLog, MemoryStore } from '@tickwell/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageService, type StorageOptions } from './service.ts';

const T = 1_700_000_000_000_000_000n;

const OPTIONS: StorageOptions = {
  groupId: 'storage',
  commitIntervalMs: 0,
  closeDeadlineMs: 1_000,
  store: {
    maxBatchRows: 1_000,
    maxBatchBytes: 1 << 20,
    maxWrites: 3,
    minParallelRows: 100,
    minSpacingMs: 5,
    minRetryMs: 1,
    maxRetryMs: 8,
  },
};

/** Sleeping takes one turn of the loop; the deadline of a close never comes. */
const CLOCK: Clock = {
  nowNs: () => T,
  monotonicMs: () => 0,
  sleep: async (ms, signal) => {
    do await nextTurn();
    while (ms >= OPTIONS.closeDeadlineMs && signal?.aborted !== true);
    signal?.throwIfAborted();
  },
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

const typed = (topic: TopicSpec): Record<string, string> => ({
  [HEADER_CONTENT_TYPE]: contentType(topic.type),
});

function trades(partition: number, n: number, count = 1, origin = `md.raw.ticks@e/${partition}`): NewRecord {
  const at = Array.from({ length: count }, (_, index) => T + BigInt(n * 1_000 + index));
  const value = encodeTickBatch({
    kind: 'trades',
    header: {
      ...{
        source: 'file:a',
        symbol: `S${partition}`,
        knownAtNs: T,
        watermarkNs: 0n,
        replayOf: '',
        priceBasis: 'raw',
      },
      cause: { origin, n: BigInt(n), k: 0 },
    },
    trades: {
      timeNs: at,
      seq: at.map(() => 0n),
      price: at.map(() => n),
      size: at.map(() => 1),
      conditions: [],
      venue: [],
    },
    positions: [],
  });
  return { topic: TOPICS.ticks.name, partition, key: `S${partition}`, value, headers: typed(TOPICS.ticks) };
}

/** Its table tells repeats apart by offset, so that only the cause can keep them out. */
function portfolio(n: number): NewRecord {
  const value = encodeMessage(events.PortfolioEventSchema, {
    header: headerToProto({
      ...{
        source: 'ib',
        symbol: 'U1',
        knownAtNs: T,
        watermarkNs: 0n,
        replayOf: '',
        priceBasis: 'unspecified',
      },
      cause: { origin: 'portfolio.raw@e/0', n: BigInt(n), k: 0 },
    }),
    account: 'U1',
    timeNs: T + BigInt(n),
    event: { case: 'accountValue', value: { tag: 'NetLiquidation', value: String(n), currency: 'USD' } },
  });
  return { topic: TOPICS.portfolio.name, partition: 0, key: 'U1', value, headers: typed(TOPICS.portfolio) };
}

interface Running {
  readonly service: StorageService;
  readonly done: Promise<void>;
}

function start(log: EventLog, writer: TableWriter, options: StorageOptions = OPTIONS): Running {
  const service = new StorageService({
    ...{ log, writer, clock: CLOCK, logger: SILENT, options },
    prepareStore: () => Promise.resolve(),
  });
  const done = service.run();
  done.catch(() => undefined);
  return { service, done };
}

function newLog(maxRecords = 500): MemoryLog {
  return new MemoryLog({ topics: ALL_TOPICS, nowMs: () => 0, maxRecords });
}

async function send(log: MemoryLog, ...records: NewRecord[]): Promise<void> {
  const sink = await log.createSink({ name: 'test' });
  await sink.send(records);
}

/** The next offset each partition was last said to be stored to. */
function commits(log: MemoryLog, topic: string): Map<number, bigint> {
  const newest = new Map<number, bigint>();
  for (const { value } of log.records(TOPICS.storeCommits.name)) {
    const parsed = parseMessage(events.StoreCommitSchema, value!);
    if (!parsed.ok) throw new Error(parsed.error.reason);
    if (parsed.value.topic === topic) newest.set(parsed.value.partition, parsed.value.nextOffset);
  }
  return newest;
}

const ticksCommitted = (log: MemoryLog, partition: number): bigint =>
  commits(log, TOPICS.ticks.name).get(partition) ?? 0n;

/** Holds writes back until the test lets them go. */
class GatedStore extends MemoryStore {
  readonly calls: (readonly TableRows[])[] = [];
  readonly #gates: PromiseWithResolvers<undefined>[] = [];
  #open = false;

  override async write(rows: readonly TableRows[]): Promise<void> {
    this.calls.push(rows);
    const gate = Promise.withResolvers<undefined>();
    this.#gates.push(gate);
    if (this.#open) gate.resolve(undefined);
    await gate.promise;
    await super.write(rows);
  }

  open(): void {
    this.#open = true;
    for (const gate of this.#gates) gate.resolve(undefined);
  }
}

const unavailable = (): TickwellError =>
  new TickwellError('store-unavailable', 'QuestDB: down', { retryable: true });

describe('StorageService', () => {
  it('stores rows, then commits, then says so, with marks', async () => {
    const log = newLog();
    const store = new GatedStore();
    await send(log, trades(1, 1, 3), trades(1, 2, 2), trades(3, 9));
    const { service, done } = start(log.openProcess(), store);
    await until(() => store.calls.length > 0);
    expect(log.records(TOPICS.storeCommits.name)).toEqual([]);
    store.open();
    await until(() => ticksCommitted(log, 1) === 2n && ticksCommitted(log, 3) === 1n);
    expect(store.rows(TABLES.trades.name)).toHaveLength(6);
    const last = log.records(TOPICS.storeCommits.name).findLast(({ key }) => key === 'md.ticks/1');
    const parsed = parseMessage(events.StoreCommitSchema, last!.value!);
    expect(parsed).toMatchObject({
      ok: true,
      value: { marks: [{ origin: 'md.raw.ticks@e/1', n: 2n, k: 0 }] },
    });
    await service.stop();
    await done;
  });

  it('writes at once when idle and lets what arrives meanwhile travel together', async () => {
    const log = newLog();
    const store = new GatedStore();
    const { service } = start(log.openProcess(), store);
    await send(log, trades(0, 1));
    await until(() => store.calls.length === 1);
    for (let n = 2; n <= 20; n += 1) await send(log, trades(0, n), trades(1, n));
    store.open();
    await until(() => ticksCommitted(log, 0) === 20n && ticksCommitted(log, 1) === 19n);
    expect(store.calls.length).toBeLessThan(10);
    expect(store.calls[0]).toHaveLength(1);
    await service.stop();
  });

  it('drops what has been stored by cause, also when the repeat comes after a restart', async () => {
    const log = newLog();
    const store = new MemoryStore();
    await send(log, portfolio(1), portfolio(2), portfolio(1), portfolio(2), portfolio(3));
    const first = start(log.openProcess(), store);
    await until(() => commits(log, TOPICS.portfolio.name).get(0) === 5n);
    await first.service.stop();
    await first.done;
    await send(log, portfolio(2), portfolio(3), portfolio(4));
    const second = start(log.openProcess(), store);
    await until(() => commits(log, TOPICS.portfolio.name).get(0) === 8n);
    await second.service.stop();
    const payloads = store.rows(TABLES.portfolioEvents.name).map(({ ts }) => ts);
    expect(payloads).toEqual([1n, 2n, 3n, 4n].map((n) => T + n));
  });

  it('keeps rows while the store is away, commits nothing, says why, and stores them once it is back', async () => {
    const log = newLog();
    const store = new MemoryStore();
    store.failures.push(...Array.from({ length: 50 }, unavailable));
    await send(log, trades(0, 1, 5), trades(2, 1, 5));
    const { service } = start(log.openProcess(), store);
    await until(() => service.notReady() !== undefined && store.failures.length < 40);
    expect(service.notReady()).toMatch(/rows of md\.ticks wait: QuestDB: down/);
    expect(log.records(TOPICS.storeCommits.name)).toEqual([]);
    await until(() => ticksCommitted(log, 0) === 1n && ticksCommitted(log, 2) === 1n);
    expect(store.rows(TABLES.trades.name)).toHaveLength(10);
    expect(service.notReady()).toBeUndefined();
    await service.stop();
  });

  it('takes in no more than its bound while the store is away', async () => {
    const log = newLog();
    const store = new GatedStore();
    const process = log.openProcess();
    const options = { ...OPTIONS, store: { ...OPTIONS.store, maxBatchRows: 50, minParallelRows: 10 } };
    for (let n = 1; n <= 100; n += 1) await send(log, trades(0, n, 10));
    const { service } = start(process, store, options);
    await until(() => store.calls.length === 3);
    for (let turn = 0; turn < 200; turn += 1) await nextTurn();
    const held = store.calls.flat().reduce((sum, { timestampNs }) => sum + timestampNs.length, 0);
    expect(store.calls).toHaveLength(3);
    expect(held).toBeLessThanOrEqual(3 * 60);
    store.open();
    await until(() => ticksCommitted(log, 0) === 100n);
    expect(store.rows(TABLES.trades.name)).toHaveLength(1_000);
    await service.stop();
  });

  it('ends with the name of a record the store refuses for good, with the others of its write stored and nothing committed', async () => {
    const log = newLog();
    const store = new MemoryStore();
    const picky: TableWriter = {
      close: () => store.close(),
      write: (rows) =>
        rows.some(({ timestampNs }) => timestampNs.includes(T + 4_000n))
          ? Promise.reject(new TickwellError('rows-refused', 'table trades: no such luck'))
          : store.write(rows),
    };
    await send(log, ...[1, 2, 3, 4, 5, 6].map((n) => trades(0, n)));
    const { done } = start(log.openProcess(), picky);
    await expect(done).rejects.toThrow('md.ticks/0 offset 3 for good: table trades: no such luck');
    expect(store.rows(TABLES.trades.name).map(({ price }) => price)).toEqual([1, 2, 3]);
    expect(ticksCommitted(log, 0)).toBe(0n);
  });

  it('turns a malformed record into a dead letter and goes on', async () => {
    const log = newLog();
    const store = new MemoryStore();
    const broken: NewRecord = { ...trades(2, 1), value: new Uint8Array([9, 9, 9]) };
    await send(log, trades(2, 1), broken, trades(2, 2));
    const { service } = start(log.openProcess(), store);
    await until(() => ticksCommitted(log, 2) === 3n && store.rows(TABLES.deadLetters.name).length === 1);
    expect(store.rows(TABLES.trades.name)).toHaveLength(2);
    expect(store.rows(TABLES.deadLetters.name)).toMatchObject([
      {
        rule: 'storage-malformed',
        topic: 'md.ticks',
        topic_partition: 2n,
        topic_offset: 1n,
        original_base64: 'CQkJ',
      },
    ]);
    await service.stop();
  });

  it('stores and commits what it took in before it stops', async () => {
    const log = newLog();
    const store = new GatedStore();
    await send(log, trades(0, 1), trades(1, 1));
    const { service, done } = start(log.openProcess(), store);
    await until(() => store.calls.flat().length > 0);
    const stopped = service.stop();
    store.open();
    await stopped;
    await done;
    const committed = [0, 1].map((partition) => ticksCommitted(log, partition));
    expect(store.rows(TABLES.trades.name)).toHaveLength(committed.filter((offset) => offset === 1n).length);
    expect(committed).toContain(1n);
  });

  it('stops while the store is away, within its deadline, and leaves the rows to the next', async () => {
    const log = newLog();
    const store = new MemoryStore();
    const never: TableWriter = { write: () => Promise.reject(unavailable()), close: () => Promise.resolve() };
    await send(log, trades(0, 1));
    const impatient = { ...OPTIONS, closeDeadlineMs: 5 };
    const first = start(log.openProcess(), never, impatient);
    await until(() => first.service.notReady() !== undefined);
    await first.service.stop();
    await first.done;
    const second = start(log.openProcess(), store);
    await until(() => ticksCommitted(log, 0) === 1n);
    expect(store.rows(TABLES.trades.name)).toHaveLength(1);
    await second.service.stop();
  });

  it('reads a topic that was made anew from its start', async () => {
    const log = newLog();
    const store = new MemoryStore();
    await send(log, trades(0, 1), trades(0, 2));
    const first = start(log.openProcess(), store);
    await until(() => ticksCommitted(log, 0) === 2n);
    await first.service.stop();
    log.deleteTopic(TOPICS.ticks.name);
    log.createTopic(TOPICS.ticks.name, TOPICS.ticks.partitions);
    await send(log, trades(0, 1), trades(0, 7));
    const second = start(log.openProcess(), store);
    await until(() => store.rows(TABLES.trades.name).some(({ price }) => price === 7));
    expect(store.rows(TABLES.trades.name)).toHaveLength(3);
    await second.service.stop();
  });

  it('waits for a store that starts later', async () => {
    const log = newLog();
    const store = new MemoryStore();
    let attempts = 0;
    const service = new StorageService({
      ...{ log: log.openProcess(), writer: store, clock: CLOCK, logger: SILENT, options: OPTIONS },
      prepareStore: () => ((attempts += 1) < 5 ? Promise.reject(unavailable()) : Promise.resolve()),
    });
    const done = service.run();
    await send(log, trades(0, 1));
    await until(() => ticksCommitted(log, 0) === 1n);
    await service.stop();
    await done;
  });

  it('stores everything once, whatever fails and however records are batched', async () => {
    const scenario = fc.record({
      maxRecords: fc.integer({ min: 1, max: 5 }),
      maxBatchRows: fc.integer({ min: 1, max: 12 }),
      sizes: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 25 }),
      failures: fc.array(fc.boolean(), { maxLength: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ maxRecords, maxBatchRows, sizes, failures }) => {
        const log = newLog(maxRecords);
        const store = new MemoryStore();
        const fates = [...failures];
        const writer: TableWriter = {
          close: () => store.close(),
          // Half of the failures come after the rows were stored.
          write: async (rows) => {
            const fails = fates.shift() === true;
            if (!fails || fates.length % 2 === 0) await store.write(rows);
            if (fails) throw unavailable();
          },
        };
        await send(log, ...sizes.map((size, index) => trades(index % 4, index + 1, size)));
        const options = { ...OPTIONS, store: { ...OPTIONS.store, maxBatchRows, minParallelRows: 2 } };
        const { service } = start(log.openProcess(), writer, options);
        const ends = [0, 1, 2, 3].map((partition) =>
          BigInt(sizes.filter((_, index) => index % 4 === partition).length),
        );
        await until(() => ends.every((end, partition) => ticksCommitted(log, partition) === end));
        await service.stop();
        const expected = sizes.flatMap((size, index) =>
          Array.from({ length: size }, (_, at) => T + BigInt((index + 1) * 1_000 + at)),
        );
        const found = store.rows(TABLES.trades.name).map(({ ts }) => ts);
        expect(found.toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 40 },
    );
  });
});
