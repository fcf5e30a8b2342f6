import { connect } from '@tickwell/client';
import { ALL_TOPICS, TABLES } from '@tickwell/contracts';
import { parseIsoTime } from '@tickwell/domain';
import { GrpcServer, bindConfig, bindMarketData, bindQuality } from '@tickwell/grpc';
import { MemoryLog, MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { World, startService } from '../fixtures/world.ts';

const NOW = '2024-07-05T15:20:30Z';
const FROM = ns('2024-07-02');

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** A query service behind a gRPC server, with a store that holds hourly bars. */
async function served() {
  const log = new MemoryLog({ topics: ALL_TOPICS });
  const store = new MemoryStore();
  const query = new World().service({ log: log.openProcess(), reader: store, nowNs: () => ns(NOW) });
  const methods = [
    ...bindQuality(query.qualityCalls),
    ...bindConfig(query.configCalls),
    ...bindMarketData(query.calls),
  ];
  const server = new GrpcServer({ host: '127.0.0.1', port: 0, methods });
  const running = await startService(query, server);
  const client = connect({ address: `127.0.0.1:${server.port}`, retry: { maxAttempts: 1 } });
  return {
    client,
    hold: (symbol: string, source: string, starts: readonly string[]) => hold(store, symbol, source, starts),
    instrument: (id: string, document: object) =>
      client.config.put({ kind: 'instrument', id, payloadJson: JSON.stringify(document) }),
    async [Symbol.asyncDispose]() {
      client.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

async function hold(
  store: MemoryStore,
  symbol: string,
  source: string,
  starts: readonly string[],
): Promise<void> {
  const texts = { symbol, source, epoch: 'e', interval: '1h', price_type: 'trade', price_basis: 'raw' };
  await store.write([
    {
      table: TABLES.bars.name,
      timestampNs: starts.map(ns),
      columns: [
        ...Object.entries(texts).map(([name, values]) => ({ type: 'symbol' as const, name, values })),
        { type: 'long', name: 'record_offset', values: 0n },
        { type: 'timestamp', name: 'known_at', values: 1n },
        ...['open', 'high', 'low', 'close'].map((name) => ({ type: 'double' as const, name, values: 1 })),
      ],
    },
  ]);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const hours = (day: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `${day}T${String(from + at).padStart(2, '0')}:00`);

const OF = { interval: '1h', startNs: FROM };

describe('GetCoverage', () => {
  it('compares each source with the calendar of the instrument, up to the last bar that is over', async () => {
    await using service = await served();
    await service.instrument('AAPL', { type: 'stock', calendar: 'XNYS' });
    await service.hold('AAPL', 'ib', [...hours('2024-07-02', 13, 20), ...hours('2024-07-05', 13, 15)]);
    await service.hold('AAPL', 'yahoo', hours('2024-07-02', 12, 20));
    const [ib, yahoo, ...more] = await service.client.coverage({ ...OF, symbols: ['AAPL'] });
    expect(more).toEqual([]);
    expect(ib).toEqual({
      symbol: 'AAPL',
      source: 'ib',
      calendar: 'XNYS',
      problem: '',
      expected: 13,
      arrived: 9,
      outside: 0,
      days: [
        { date: 20240702, expected: 7, arrived: 7 },
        { date: 20240703, expected: 4, arrived: 0 },
        { date: 20240705, expected: 2, arrived: 2 },
      ],
      gaps: [{ startNs: ns('2024-07-03T13:00'), endNs: ns('2024-07-03T17:00'), missing: 4, hole: undefined }],
      gapCount: 1,
      repaired: [],
    });
    expect(yahoo).toMatchObject({ source: 'yahoo', expected: 13, arrived: 7, outside: 1 });
    const [best] = await service.client.coverage({ ...OF, symbols: ['AAPL'], source: 'best' });
    expect(best).toMatchObject({ source: 'best', expected: 13, arrived: 9, outside: 1 });
  });

  it('says of what nobody has that all is missing, and of what has no calendar why nothing can be said', async () => {
    await using service = await served();
    await service.instrument('BARE', { type: 'stock' });
    const symbols = ['NONE', 'BARE'];
    const [none, bare] = await service.client.coverage({ ...OF, symbols });
    expect(none).toMatchObject({
      source: '',
      expected: 0,
      problem: expect.stringContaining('NONE has no calendar') as string,
    });
    expect(bare?.problem).toContain('BARE has no calendar');
    const [moon] = await service.client.coverage({ ...OF, symbols: ['NONE'], calendar: 'MOON' });
    expect(moon?.problem).toContain('no calendar is called "MOON": there are XNYS');
    const named = await service.client.coverage({ ...OF, symbols, calendar: 'XNYS', maxGaps: 1 });
    expect(named.map(({ expected, arrived, gapCount }) => [expected, arrived, gapCount])).toEqual([
      [13, 0, 1],
      [13, 0, 1],
    ]);
    const [before] = await service.client.coverage({
      ...OF,
      symbols: ['NONE'],
      calendar: 'XNYS',
      startNs: ns('1999-01-01'),
    });
    expect(before?.problem).toContain('calendar XNYS knows 2000-01-01 to 2030-12-31');
  });

  it.each([
    [{ symbols: [] }, 'symbols is empty'],
    [{ startNs: 0n }, 'range.start_ns is 0'],
    [{ maxGaps: 1_001 }, 'max_gaps 1001'],
    [{ interval: '7m' }, 'interval'],
    [{ symbols: Array.from({ length: 1_001 }, (_, at) => `S${at}`) }, 'at most 1000 go into one call'],
  ])('refuses %o', async (change, message) => {
    await using service = await served();
    await expect(service.client.coverage({ ...OF, symbols: ['A'], ...change })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('bars that must be complete', () => {
  it('come when nothing is missing, and else the call fails and names what is', async () => {
    await using service = await served();
    await service.hold('AAPL', 'ib', [...hours('2024-07-02', 13, 20), ...hours('2024-07-05', 13, 15)]);
    const of = { ...OF, symbol: 'AAPL', source: 'ib', calendar: 'XNYS', requireComplete: true };
    const read = async (endNs: bigint): Promise<number> => {
      let rows = 0;
      for await (const { bars } of service.client.bars({ ...of, endNs })) rows += bars.startNs.length;
      return rows;
    };
    expect(await read(ns('2024-07-03'))).toBe(7);
    await expect(read(ns('2024-07-05T15:00'))).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining(
        'AAPL 1h of ib is not complete, 4 of 13 bars are missing: the first from 2024-07-03T13:00:00Z to 2024-07-03T17:00:00Z (4)',
      ) as string,
    });
    expect(await all(service.client.bars({ ...of, requireComplete: false }))).toHaveLength(1);
  });

  it.each([
    [{ source: '' }, 'name a source'],
    [{ startNs: 0n }, 'name the start'],
    [{ limit: 5 }, 'goes without limit'],
  ])('cannot be asked for with %o', async (change, message) => {
    await using service = await served();
    const of = { ...OF, symbol: 'A', source: 'ib', calendar: 'XNYS', requireComplete: true, ...change };
    await expect(all(service.client.bars(of))).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message) as string,
    });
  });
});
