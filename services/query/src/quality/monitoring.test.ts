import { connect, type SeriesFreshness } from '@tickwell/client';
import { ALL_TOPICS, TABLES } from '@tickwell/contracts';
import { parseIsoTime } from '@tickwell/domain';
import { GrpcServer, bindConfig, bindQuality } from '@tickwell/grpc';
import type { RowColumn, StoredSourceState } from '@tickwell/ports';
import { MemoryLog, MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { World, startService } from '../fixtures/world.ts';

/** A Friday; New York opened at 13:30. */
const NOW = ns('2024-07-05T15:20:30Z');
const MINUTE = 60_000_000_000n;
const HOUR = 60n * MINUTE;

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** A query service behind a gRPC server, with a store that tests fill. */
async function served() {
  const log = new MemoryLog({ topics: ALL_TOPICS });
  const store = new MemoryStore();
  const clock = { nowNs: NOW };
  const query = new World().service({ log: log.openProcess(), reader: store, nowNs: () => clock.nowNs });
  const methods = [...bindQuality(query.qualityCalls), ...bindConfig(query.configCalls)];
  const server = new GrpcServer({ host: '127.0.0.1', port: 0, methods });
  const running = await startService(query, server);
  const client = connect({ address: `127.0.0.1:${server.port}`, retry: { maxAttempts: 1 } });
  return {
    client,
    quality: client.quality,
    clock,
    hold: new Rows(store),
    instrument: (id: string, calendar: string) =>
      client.config.put({
        kind: 'instrument',
        id,
        payloadJson: JSON.stringify({ type: 'stock', ...(calendar === '' ? {} : { calendar }) }),
      }),
    async [Symbol.asyncDispose]() {
      client.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

const symbolColumns = (texts: Readonly<Record<string, string>>): RowColumn[] =>
  Object.entries(texts).map(([name, values]) => ({ type: 'symbol', name, values }));

/** What storage would have written. */
class Rows {
  readonly #store: MemoryStore;
  #offset = 0n;

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  async bars(symbol: string, starts: readonly string[], interval = '1h', source = 'ib'): Promise<void> {
    const texts = { symbol, source, epoch: 'e', interval, price_type: 'trade', price_basis: 'raw' };
    await this.#write(TABLES.bars.name, starts.map(ns), [
      ...symbolColumns(texts),
      { type: 'timestamp', name: 'known_at', values: 7n },
      ...['open', 'high', 'low', 'close'].map((name) => ({ type: 'double' as const, name, values: 1 })),
    ]);
  }

  async quotes(symbol: string, time: string, source = 'ib'): Promise<void> {
    await this.#write(
      TABLES.quotes.name,
      [ns(time)],
      [
        ...symbolColumns({ symbol, source, epoch: 'e' }),
        { type: 'timestamp', name: 'known_at', values: 7n },
        { type: 'long', name: 'seq', values: 0n },
      ],
    );
  }

  async finding(rule: string, time: string, symbol = 'AAPL', severity = 'warning'): Promise<void> {
    await this.#write(
      TABLES.quality.name,
      [ns(time)],
      [
        ...symbolColumns({ symbol, source: 'ib', epoch: 'e', kind: 'bars', rule, severity }),
        { type: 'varchar', name: 'message', values: `${rule} of ${symbol}` },
        { type: 'long', name: 'seq', values: 0n },
      ],
    );
  }

  async counts(time: string, counts: Readonly<Record<string, bigint>>, source = 'ib'): Promise<void> {
    await this.#write(
      TABLES.quality.name,
      [ns(time)],
      [
        ...symbolColumns({
          symbol: 'AAPL',
          source,
          epoch: 'e',
          kind: 'bars',
          rule: 'counts',
          severity: 'info',
        }),
        { type: 'long', name: 'seq', values: 0n },
        ...Object.entries(counts).map(([name, values]) => ({ type: 'long' as const, name, values })),
      ],
    );
  }

  async letter(rule: string, time: string): Promise<void> {
    const place = { topic_partition: 0n, topic_offset: this.#offset, event_index: 0n };
    await this.#write(
      TABLES.deadLetters.name,
      [ns(time)],
      [
        ...symbolColumns({ symbol: 'AAPL', source: 'ib', epoch: 'e', rule, topic: 'md.raw.bars' }),
        ...Object.entries(place).map(([name, values]) => ({ type: 'long' as const, name, values })),
        { type: 'varchar', name: 'reason', values: `${rule}!` },
      ],
    );
  }

  /** The same report every minute from one time to another, both included. */
  async status(source: string, state: StoredSourceState, from: string, to = from): Promise<void> {
    for (let timeNs = ns(from); timeNs <= ns(to); timeNs += MINUTE)
      await this.#write(
        TABLES.sourceStatus.name,
        [timeNs],
        [
          ...symbolColumns({ source, epoch: 'e', stream: 'session', state }),
          { type: 'varchar', name: 'reason', values: `is ${state}` },
          { type: 'long', name: 'events', values: 5n },
          { type: 'long', name: 'refused', values: 1n },
        ],
      );
  }

  async #write(table: string, timestampNs: readonly bigint[], columns: RowColumn[]): Promise<void> {
    this.#offset += 1n;
    const offset: RowColumn = { type: 'long', name: 'record_offset', values: this.#offset };
    await this.#store.write([{ table, timestampNs, columns: [...columns, offset] }]);
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const short = ({ symbol, source, kind, interval, state }: SeriesFreshness): string =>
  [symbol, source, kind, interval, state].filter((part) => part !== '').join(' ');

describe('GetFreshness', () => {
  it('judges every series by the calendar of its instrument, and says by which thresholds', async () => {
    await using service = await served();
    const { hold, quality } = service;
    await service.instrument('AAPL', 'XNYS');
    await service.instrument('BTCUSD', '24-7');
    await service.instrument('NIKKEI', 'XTKS');
    await hold.quotes('AAPL', '2024-07-05T15:20:00Z');
    await hold.bars('AAPL', ['2024-07-05T14:00:00Z', '2024-07-05T13:00:00Z']);
    await hold.quotes('BTCUSD', '2024-07-05T15:10:00Z');
    await hold.quotes('NIKKEI', '2024-07-05T05:59:59Z');
    await hold.quotes('UNKNOWN', '2024-07-05T15:00:00Z');
    await hold.quotes('OLD', '2013-11-25T15:00:00Z', 'file:mine');
    expect((await all(quality.freshness())).map(short)).toEqual([
      'AAPL ib bars 1h fresh',
      'AAPL ib quotes fresh',
      'BTCUSD ib quotes stale',
      'NIKKEI ib quotes closed',
      'OLD file:mine quotes ended',
      'UNKNOWN ib quotes unknown',
    ]);
    const [stale] = await all(quality.freshness({ symbols: ['BTCUSD'] }));
    expect(stale).toEqual({
      symbol: 'BTCUSD',
      source: 'ib',
      kind: 'quotes',
      interval: '',
      priceType: 'trade',
      eventNs: ns('2024-07-05T15:10:00Z'),
      knownAtNs: 7n,
      stored: true,
      storedAtNs: 0n,
      ageNs: 630_000_000_000n,
      overdueNs: 630_000_000_000n,
      state: 'stale',
      lateAfterNs: MINUTE,
      staleAfterNs: 5n * MINUTE,
      calendar: '24-7',
      reason: 'no quotes since 2024-07-05T15:10:00Z',
    });
    // AAPL's were hours old at the close: it is stale until there are new ones.
    service.clock.nowNs = ns('2024-07-08T02:00:00Z');
    expect(
      (await all(quality.freshness({ symbols: ['NIKKEI', 'AAPL'], kinds: ['quotes'] }))).map(short),
    ).toEqual(['AAPL ib quotes stale', 'NIKKEI ib quotes stale']);
  });

  it('takes filters, thresholds and a calendar, and counts whatever the states', async () => {
    await using service = await served();
    const { hold, quality } = service;
    for (const symbol of ['A', 'B']) await hold.quotes(symbol, '2024-07-05T15:18:30Z');
    await hold.quotes('C', '2024-07-05T15:20:20Z', 'yahoo');
    const of = { calendar: 'XNYS' };
    expect((await all(quality.freshness(of))).map(short)).toEqual([
      'A ib quotes late',
      'B ib quotes late',
      'C yahoo quotes fresh',
    ]);
    const minute = { ...of, lateAfterNs: 3n * MINUTE };
    expect((await all(quality.freshness({ ...minute, source: 'ib' }))).map(short)).toEqual([
      'A ib quotes fresh',
      'B ib quotes fresh',
    ]);
    expect(
      (await all(quality.freshness({ ...of, staleAfterNs: MINUTE, states: ['stale'] }))).map(short),
    ).toEqual(['A ib quotes stale', 'B ib quotes stale']);
    expect(await quality.freshnessCounts({ ...of, states: ['fresh'] })).toEqual([
      { source: 'ib', state: 'late', series: 2, newestEventNs: ns('2024-07-05T15:18:30Z') },
      { source: 'yahoo', state: 'fresh', series: 1, newestEventNs: ns('2024-07-05T15:20:20Z') },
    ]);
    expect(await all(quality.freshness({ symbols: ['NONE'] }))).toEqual([]);
  });

  it('answers fifty thousand symbols page by page, the worst first where that is wanted', async () => {
    await using service = await served();
    const { hold, quality } = service;
    const symbols = Array.from({ length: 50_000 }, (_, at) => `S${at}`);
    await Promise.all(
      symbols.map((symbol, at) =>
        hold.quotes(symbol, at === 40_000 ? '2024-07-05T14:00:00Z' : '2024-07-05T15:20:00Z'),
      ),
    );
    const found = await all(quality.freshness({ calendar: '24-7' }));
    expect(found.map(({ symbol }) => symbol)).toEqual(symbols.toSorted());
    const worst = await quality.worstFreshness({ calendar: '24-7', limit: 2 });
    expect(worst.map(short)).toEqual(['S40000 ib quotes stale', 'S0 ib quotes fresh']);
    expect(await all(quality.freshness({ limit: 3 }))).toHaveLength(3);
  }, 60_000);

  it('refuses what makes no sense, and says what would', async () => {
    await using service = await served();
    const { quality } = service;
    const refused: readonly (readonly [Parameters<typeof quality.freshnessCounts>[0], string])[] = [
      [{ calendar: 'XXXX' }, 'calendar'],
      [{ interval: '7m' }, 'interval'],
      [{ lateAfterNs: 2n, staleAfterNs: 1n }, 'stale_after_ns 1 is less than late_after_ns 2'],
      [{ symbols: ['no good'] }, 'symbol'],
      [{ source: 'a\nb' }, 'source'],
    ];
    for (const [options, message] of refused)
      await expect(quality.freshnessCounts(options)).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(message) as unknown,
      });
    await expect(quality.worstFreshness({ limit: 10_001 })).rejects.toThrow('limit 10001 is more than 10000');
  });
});

describe('ListFindings', () => {
  it('answers findings page by page, and counts with what was refused', async () => {
    await using service = await served();
    const { hold, quality } = service;
    for (let at = 0; at < 7; at += 1) await hold.finding('price-jump', '2024-07-05T15:00:00Z', `S${at}`);
    await hold.finding('unit-error', '2024-07-05T15:10:00Z', 'AAPL', 'error');
    await hold.counts('2024-07-05T15:10:00Z', { received: 9n, accepted: 9n });
    for (let at = 0; at < 3; at += 1) await hold.letter('bar-range', '2024-07-05T15:12:00Z');
    const found = await all(quality.findings());
    expect(found.map(({ rule, symbol }) => `${rule} ${symbol}`)).toEqual([
      'unit-error AAPL',
      ...[0, 1, 2, 3, 4, 5, 6].map((at) => `price-jump S${at}`),
    ]);
    expect(await all(quality.findings({ limit: 2, rule: 'price-jump' }))).toHaveLength(2);
    expect(await all(quality.findings({ startNs: ns('2024-07-05T15:10:00Z'), symbol: 'S1' }))).toEqual([]);
    const counts = await quality.findingCounts();
    expect(counts.map(({ rule, findings, refused }) => [rule, findings, refused])).toEqual([
      ['price-jump', 7, false],
      ['bar-range', 3, true],
      ['unit-error', 1, false],
    ]);
    expect((await quality.findingCounts({ severities: ['warning'] })).map(({ rule }) => rule)).toEqual([
      'price-jump',
    ]);
  });

  it('refuses a range that is turned round, and a token of another call', async () => {
    await using service = await served();
    const { quality } = service;
    await expect(all(quality.findings({ startNs: 2n, endNs: 1n }))).rejects.toThrow('filter.range.start_ns');
    expect(await all(quality.findings({ rule: 'nothing-like-it' }))).toEqual([]);
  });
});

describe('GetSourceStatus', () => {
  it('tells state, availability, errors and freshness of every source, the same after a restart', async () => {
    await using service = await served();
    const { hold, quality } = service;
    await service.instrument('AAPL', '24-7');
    await hold.status('ib', 'up', '2024-07-05T10:00:00Z', '2024-07-05T12:00:00Z');
    await hold.status('ib', 'down', '2024-07-05T12:00:30Z');
    await hold.status('ib', 'up', '2024-07-05T13:00:30Z', '2024-07-05T15:20:30Z');
    await hold.status('yahoo', 'finished', '2024-07-05T09:00:00Z');
    await hold.counts('2024-07-05T10:00:00Z', { received: 10n, accepted: 10n });
    await hold.counts('2024-07-05T15:00:00Z', {
      received: 30n,
      accepted: 24n,
      dead_lettered: 5n,
      duplicates: 1n,
    });
    await hold.quotes('AAPL', '2024-07-05T15:20:00Z', 'derived:x');
    const of = { startNs: ns('2024-07-05T11:20:30Z'), withStreams: true };
    const [derived, ib, yahoo, ...more] = await all(quality.sources(of));
    expect(more).toEqual([]);
    expect(derived).toMatchObject({
      source: 'derived:x',
      state: 'none',
      availability: undefined,
      received: 0,
    });
    expect(derived?.freshness).toEqual([
      { source: 'derived:x', state: 'fresh', series: 1, newestEventNs: ns('2024-07-05T15:20:00Z') },
    ]);
    expect(ib).toMatchObject({
      source: 'ib',
      state: 'up',
      reason: 'is up',
      sinceNs: ns('2024-07-05T13:00:30Z'),
      availability: 0.75,
      upNs: 3n * HOUR,
      downNs: HOUR,
      outages: 1,
      received: 20,
      accepted: 14,
      deadLettered: 5,
      duplicates: 1,
      errorRate: 0.25,
      kinds: [{ kind: 'bars', received: 20, accepted: 14, deadLettered: 5, duplicates: 1 }],
    });
    expect(ib?.streams).toEqual([
      {
        stream: 'session',
        state: 'up',
        reason: 'is up',
        reportedAtNs: ns('2024-07-05T15:20:30Z'),
        silent: false,
        events: 5,
        refused: 1,
      },
    ]);
    expect(yahoo).toMatchObject({
      source: 'yahoo',
      state: 'finished',
      availability: undefined,
      errorRate: undefined,
    });
    service.clock.nowNs = ns('2024-07-05T15:30:30Z');
    // The store's answer is kept for two seconds; what is silent is told by the clock alone.
    expect((await all(quality.sources({ source: 'ib' })))[0]).toMatchObject({ state: 'down', silent: true });
  });

  it('tells how complete the bars of a source are, the least complete first', async () => {
    await using service = await served();
    const { hold, quality } = service;
    for (const symbol of ['AAPL', 'MSFT']) await service.instrument(symbol, 'XNYS');
    await hold.bars('AAPL', ['2024-07-05T13:00:00Z', '2024-07-05T14:00:00Z', '2024-07-05T12:00:00Z']);
    await hold.bars('MSFT', ['2024-07-05T14:00:00Z']);
    await hold.bars('BARE', ['2024-07-05T14:00:00Z']);
    const of = { startNs: ns('2024-07-05T00:00:00Z') };
    const [without] = await all(quality.sources(of));
    expect(without?.completeness).toBeUndefined();
    const [ib] = await all(quality.sources({ ...of, withCompleteness: true }));
    expect(ib?.completeness).toEqual({
      expected: 4,
      arrived: 3,
      series: 2,
      unjudged: 1,
      share: 0.75,
      worst: [{ symbol: 'MSFT', interval: '1h', priceType: 'trade', expected: 2, arrived: 1 }],
    });
  });

  it('answers page by page, and refuses a range that is too long or has not begun', async () => {
    await using service = await served();
    const { hold, quality } = service;
    const names = Array.from({ length: 250 }, (_, at) => `s${`${at}`.padStart(3, '0')}`);
    for (const name of names) await hold.status(name, 'up', '2024-07-05T15:20:00Z');
    expect((await all(quality.sources())).map(({ source }) => source)).toEqual(names);
    await expect(all(quality.sources({ startNs: NOW + HOUR }))).rejects.toThrow('range.start_ns');
    await expect(all(quality.sources({ startNs: ns('2020-01-01') }))).rejects.toThrow('366 days');
  });
});
