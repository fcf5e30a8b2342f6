import { HAS_REDIS, RedisServer } from '@tickwell/cache-redis/fixtures';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type BarOptions, type TickwellClient } from '@tickwell/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheWriter, DAYS, MINUTES, SOURCES, startOf, SYMBOLS } from '../support/cache-writer.ts';
import { untilDrained } from '../support/drained.ts';
import { startTestPlatform } from '../support/platform.ts';
import { startQuery, stopQuery, type QueryProcess } from '../support/query-process.ts';

const SEED = Number(process.env['TICKWELL_TEST_SEED'] ?? Date.now() % 1_000_000);
const ROUNDS = 6;
const WRITES_A_ROUND = 30;
const COMPARED_A_ROUND = 12;

/** mulberry32: whole numbers below a limit. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

type Below = ReturnType<typeof dice>;

function oneOf<T>(below: Below, values: readonly T[]): T {
  const value = values[below(values.length)];
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}

type Ask =
  | { readonly of: 'bars'; readonly options: BarOptions }
  | { readonly of: 'trades'; readonly options: Parameters<TickwellClient['ticks']>[0] };

/** Two of some few indexes, so that the same ranges come again and again. */
function range(below: Below, interval: '1d' | '1m'): { startNs?: bigint; endNs?: bigint } {
  const size = interval === '1d' ? DAYS : MINUTES;
  const [a = 0, b = 0] = [below(9), below(9)]
    .map((part) => Math.floor((part * size) / 8))
    .sort((x, y) => x - y);
  return {
    ...(below(3) === 0 ? {} : { startNs: startOf(interval, a) }),
    ...(below(3) === 0 ? {} : { endNs: startOf(interval, b + 1) }),
  };
}

function anyAsk(below: Below): Ask {
  const symbol = oneOf(below, SYMBOLS);
  const limits = oneOf(below, [{}, {}, {}, { limit: 7 }, { limit: 100, newest: true }]);
  if (below(3) === 0) {
    const source = oneOf(below, [{}, { source: oneOf(below, SOURCES) }]);
    const columns = oneOf(below, [{}, { columns: ['price'] as const }]);
    return { of: 'trades', options: { symbol, ...range(below, '1m'), ...limits, ...source, ...columns } };
  }
  const interval = oneOf(below, ['1d', '1m'] as const);
  const source = oneOf(below, [{}, { source: 'best' }, ...SOURCES.map((one) => ({ source: one }))]);
  const kind = oneOf<Partial<BarOptions>>(below, [
    ...[{}, {}, {}, { columns: ['close'] }, { asOfNs: startOf('1d', 2 * DAYS) + 50n }],
    { source: 'one', adjustment: 'split' },
    { source: 'one', interval: interval === '1d' ? '1w' : '5m', resampleFrom: interval },
  ]);
  return {
    of: 'bars',
    options: { symbol, interval, ...range(below, interval), ...limits, ...source, ...kind },
  };
}

/** Rows as texts, or why there are none. */
async function answer(client: TickwellClient, ask: Ask): Promise<readonly string[]> {
  const text = (row: object): string =>
    Object.entries(row)
      .map(([name, value]) => `${name}=${String(value)}`)
      .sort()
      .join(' ');
  const chunks: string[] = [];
  try {
    if (ask.of === 'trades') for await (const row of client.ticks(ask.options).rows()) chunks.push(text(row));
    else
      for await (const chunk of client.bars(ask.options)) {
        const { source, priceBasis } = chunk;
        chunks.push(
          ...chunk.bars.startNs.map((_, at) => `${source} ${priceBasis} ${barText(chunk.bars, at)}`),
        );
      }
  } catch (error) {
    return [String(error)];
  }
  return chunks;
}

function barText(columns: object, row: number): string {
  return Object.entries(columns)
    .flatMap(([name, values]) =>
      Array.isArray(values) && values.length > 0 ? [`${name}=${String(values[row])}`] : [],
    )
    .sort()
    .join(' ');
}

/** Version of every bar of a source, by start. */
async function versions(client: TickwellClient, options: BarOptions): Promise<ReadonlyMap<bigint, number>> {
  const rows = await client.bars(options).toArray();
  return new Map(rows.map(({ startNs, close }) => [startNs, close]));
}

describe.skipIf(!HAS_REDIS)('answers from the cache', () => {
  const below = dice(SEED);
  let platform: Platform;
  let redis: RedisServer;
  let writer: CacheWriter;
  let store: TickwellClient;
  const replicas: QueryProcess[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    platform = await startTestPlatform({ serviceEnv: { query: { TICKWELL_CACHE_BYTES: '0' } } });
    store = connect({ address: platform.grpcAddress });
    writer = await CacheWriter.open(platform.endpoints.kafkaBrokers);
    for (let at = 0; at < 3; at += 1) replicas.push(await startReplica());
    await fill();
    await untilDrained(platform.endpoints);
  }, 300_000);
  afterAll(async () => {
    for (const replica of replicas) await stopQuery(replica);
    store.close();
    await writer.close();
    await platform.stop();
    await redis.kill();
  }, 120_000);

  function startReplica(): Promise<QueryProcess> {
    return startQuery(platform.endpoints, {
      TICKWELL_CACHE_BYTES: String(8 * 1024 * 1024),
      TICKWELL_REDIS_URL: redis.url,
    });
  }

  async function fill(): Promise<void> {
    for (const symbol of SYMBOLS) {
      await writer.split(symbol, 'one', DAYS / 2);
      for (const source of SOURCES) {
        for (let day = 0; day < DAYS; day += 300) await writer.bars(symbol, source, '1d', day, 300);
        for (let at = 0; at < MINUTES; at += 1_000) await writer.bars(symbol, source, '1m', at, 1_000);
        for (let at = 0; at < MINUTES; at += 1_000)
          await writer.trades(
            symbol,
            source,
            Array.from({ length: 500 }, (_, n) => at + n * 2),
          );
      }
    }
  }

  /** Corrections, late and new bars and trades, now and then a split. */
  async function write(): Promise<void> {
    const [symbol, source] = [oneOf(below, SYMBOLS), oneOf(below, SOURCES)];
    const interval = oneOf(below, ['1d', '1m'] as const);
    const size = interval === '1d' ? DAYS : MINUTES;
    const kind = below(10);
    if (kind === 0) await writer.split(symbol, 'one', below(DAYS));
    else if (kind < 4) await writer.trades(symbol, source, [below(MINUTES + 100), below(MINUTES + 100)]);
    else await writer.bars(symbol, source, interval, below(size + 50), 1 + below(3));
  }

  /** A cached read between two of the store: nothing that the first has is missing or older, and nothing is newer than in the last. */
  async function checkBetween(): Promise<void> {
    const interval = oneOf(below, ['1d', '1m'] as const);
    const options = {
      symbol: oneOf(below, SYMBOLS),
      source: oneOf(below, SOURCES),
      interval,
      ...range(below, interval),
    };
    const { client } = oneOf(below, replicas);
    const before = await versions(store, options);
    const cached = await versions(client, options);
    const after = await versions(store, options);
    for (const [startNs, version] of before) {
      const found = cached.get(startNs);
      expect(found, `${JSON.stringify(options, plain)} at ${startNs}, seed ${SEED}`).toBeGreaterThanOrEqual(
        version,
      );
    }
    for (const [startNs, version] of cached)
      expect(
        after.get(startNs),
        `${JSON.stringify(options, plain)} at ${startNs}, seed ${SEED}`,
      ).toBeGreaterThanOrEqual(version);
  }

  const trouble: readonly (() => Promise<void> | void)[] = [
    () => undefined,
    () => redis.kill(),
    () => redis.resume(),
    () => {
      redis.freeze();
    },
    async () => {
      redis.thaw();
      await replaceReplica();
    },
    () => undefined,
  ];

  /** One is killed, and another takes its place: it knows nothing of what was before. */
  async function replaceReplica(): Promise<void> {
    const [first] = replicas.splice(0, 1);
    first?.client.close();
    first?.child.kill('SIGKILL');
    replicas.push(await startReplica());
  }

  async function compareAll(): Promise<void> {
    const asks = Array.from({ length: COMPARED_A_ROUND }, () => anyAsk(below));
    for (const ask of asks) {
      const expected = await answer(store, ask);
      const cached = await Promise.all(replicas.map(({ client }) => answer(client, ask)));
      for (const one of cached) expect(one, `${JSON.stringify(ask, plain)}, seed ${SEED}`).toEqual(expected);
    }
  }

  it('are those of the store of one process alone, which Redis never answers', async () => {
    redis.freeze();
    const alone = await startReplica();
    try {
      const asks = Array.from({ length: COMPARED_A_ROUND }, () => anyAsk(below));
      for (let round = 0; round < 3; round += 1) {
        for (const ask of asks) {
          const expected = await answer(store, ask);
          // The second time from memory, where it can be.
          for (let time = 0; time < 2; time += 1)
            expect(await answer(alone.client, ask), `${JSON.stringify(ask, plain)}, seed ${SEED}`).toEqual(
              expected,
            );
        }
        for (let at = 0; at < WRITES_A_ROUND; at += 1) await write();
        await untilDrained(platform.endpoints);
      }
      const { memoryHits, sharedHits, filled } = await alone.client.cacheStats();
      expect(memoryHits).toBeGreaterThan(0);
      expect(filled).toBeGreaterThan(0);
      expect(sharedHits).toBe(0);
    } finally {
      redis.thaw();
      await stopQuery(alone);
    }
  }, 600_000);

  it('are those of the store, whichever process is asked, while data is written and corrected and Redis comes and goes', async () => {
    await compareAll();
    for (let round = 0; round < ROUNDS; round += 1) {
      let isWriting = true;
      const writing = (async () => {
        for (let at = 0; at < WRITES_A_ROUND; at += 1) await write();
      })().finally(() => {
        isWriting = false;
      });
      await trouble[round]?.();
      const reading = Array.from({ length: 3 }, async () => {
        while (isWriting) await checkBetween();
        await checkBetween();
      });
      await Promise.all([writing, ...reading]);
      await untilDrained(platform.endpoints);
      await compareAll();
    }
    // And they did come from there.
    const reports = await Promise.all(replicas.map(({ client }) => client.cacheStats()));
    for (const { memoryHits, filled } of reports) {
      expect(memoryHits).toBeGreaterThan(0);
      expect(filled).toBeGreaterThan(0);
    }
    expect(reports.reduce((sum, { sharedHits }) => sum + sharedHits, 0)).toBeGreaterThan(0);
  }, 600_000);
});

/** For messages. */
function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
