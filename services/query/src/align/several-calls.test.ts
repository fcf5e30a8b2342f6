import { connect, type AlignedOptions, type TickwellClient } from '@tickwell/client';
import { TABLES } from '@tickwell/contracts';
import { formatNs, NS_PER_DAY, parseIsoTime } from '@tickwell/domain';
import { GrpcServer, bindConfig, bindMarketData } from '@tickwell/grpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { barRows, MINUTE_NS, randomBars } from '../fixtures/bar-series.ts';
import { World, startService, type RunningService } from '../fixtures/world.ts';

const ns = (text: string): bigint => {
  const time = parseIsoTime(text);
  if (!time.ok) throw new Error(time.error);
  return time.value;
};
const OPEN = ns('2024-03-05T14:30:00Z');
const DAY = ns('2024-03-01');

/** Bars whose close is their place: 0, 1, 2 ... */
const countingBars = (starts: readonly bigint[]) =>
  starts.map((startNs, n) => ({ startNs, open: n, high: n, low: n, close: n, volume: 1 }));

let world: World;
let service: RunningService;
let client: TickwellClient;

beforeAll(async () => {
  world = new World();
  const days = Array.from({ length: 10 }, (_, n) => DAY + BigInt(n) * NS_PER_DAY);
  const minutes = Array.from({ length: 10 }, (_, n) => OPEN + BigInt(n) * MINUTE_NS);
  const write = (symbol: string, interval: string, starts: readonly bigint[]) =>
    world.store.write([barRows(countingBars(starts), { symbol, interval })]);
  await write('NY', '1d', days);
  // A day in Frankfurt begins at its opening.
  await write(
    'FRA',
    '1d',
    days.slice(2).map((day) => day + 8n * 60n * MINUTE_NS),
  );
  await write('NY', '1m', minutes);
  await write(
    'GAPS',
    '1m',
    [0, 3, 9].map((n) => OPEN + BigInt(n) * MINUTE_NS),
  );
  await world.store.write([
    {
      table: TABLES.quotes.name,
      timestampNs: [0n, 30n, 60n, 60n].map((seconds) => OPEN + seconds * 1_000_000_000n),
      columns: [
        ...Object.entries({ symbol: 'NY', source: 'test', epoch: 'e' }).map(([name, values]) => ({
          type: 'symbol' as const,
          name,
          values,
        })),
        { type: 'long', name: 'record_offset', values: 0n },
        { type: 'long', name: 'seq', values: [0n, 0n, 0n, 1n] },
        { type: 'timestamp', name: 'known_at', values: 1n },
        { type: 'double', name: 'bid_price', values: [1, 2, 3, 4] },
        { type: 'double', name: 'bid_size', values: 1 },
        { type: 'double', name: 'ask_price', values: [2, 3, 4, 5] },
        { type: 'double', name: 'ask_size', values: 1 },
      ],
    },
  ]);
  const query = world.service({ nowNs: () => ns('2024-04-01') });
  const methods = [...bindMarketData(query.calls), ...bindConfig(query.configCalls)];
  const server = new GrpcServer({ host: '127.0.0.1', port: 0, methods });
  service = await startService(query, server);
  client = connect({ address: `127.0.0.1:${server.port}`, retry: { maxAttempts: 1 } });
});
afterAll(async () => {
  client.close();
  await service[Symbol.asyncDispose]();
});

const minute = (n: number): bigint => OPEN + BigInt(n) * MINUTE_NS;

describe('GetBars of several symbols', () => {
  it('has all of the first, then all of the next, and says which has none', async () => {
    const problems: string[] = [];
    const onProblem = (symbol: string, problem: string) => problems.push(`${symbol}: ${problem}`);
    const bars = await client
      .manyBars({ symbols: ['GAPS', 'NOBODY', 'NY', 'GAPS'], interval: '1m', onProblem })
      .toArray();
    expect(bars.map(({ symbol, close }) => `${symbol} ${close}`)).toEqual([
      ...[0, 1, 2].map((n) => `GAPS ${n}`),
      ...Array.from({ length: 10 }, (_, n) => `NY ${n}`),
    ]);
    expect(problems).toEqual(['NOBODY: NOBODY has no 1m bars in the range']);
  });

  it('is the same as one call for each, whatever is asked', async () => {
    const symbols = Array.from({ length: 30 }, (_, n) => `S${n}`);
    for (const [seed, symbol] of symbols.entries())
      await world.store.write([barRows(randomBars(seed, 50 + seed, MINUTE_NS, OPEN), { symbol })]);
    const wish = { interval: '5m', resampleFrom: '1m', startNs: minute(5), endNs: minute(60) };
    const together = await client.manyBars({ symbols, ...wish }).toArray();
    const alone = await Promise.all(
      symbols.map(async (symbol) =>
        (await client.bars({ symbol, ...wish }).toArray()).map((bar) => ({ symbol, ...bar })),
      ),
    );
    expect(together).toEqual(alone.flat());
    expect(together.length).toBeGreaterThan(200);
  });

  it('ends with the reader, and is refused as a whole for what is wrong with the request', async () => {
    for await (const { symbol } of client.manyBars({ symbols: ['NY', 'GAPS', 'S1'], interval: '1m' })) {
      expect(symbol).toBe('NY');
      break;
    }
    const refusal = (options: object) =>
      client.manyBars({ symbols: ['NY'], interval: '1m', ...options }).toArray();
    await expect(refusal({ symbols: ['NY', "'; drop table bars"] })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await expect(refusal({ interval: '7x' })).rejects.toMatchObject({ code: 'invalid-argument' });
    const symbols = Array.from({ length: 100_000 }, (_, n) => `X${n}`);
    await expect(refusal({ symbols })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'GetBars: symbols has 100000 entries, at most 10000 go into one call: use several',
    });
  });
});

describe('GetAligned', () => {
  const table = async (options: AlignedOptions) => {
    const rows = await client.aligned(options).toArray();
    return rows.map(({ timeNs, values }) => [
      formatNs(timeNs).slice(5, 16),
      ...options.symbols.map((symbol) => values[symbol]?.['close']),
    ]);
  };

  it('puts days of several markets on their dates', async () => {
    const rows = await table({
      symbols: ['NY', 'FRA'],
      interval: '1d',
      startNs: DAY + NS_PER_DAY,
      endNs: DAY + 4n * NS_PER_DAY,
    });
    expect(rows).toEqual([
      ['03-02T00:00', 1, NaN],
      ['03-03T00:00', 2, 0],
      ['03-04T00:00', 3, 1],
    ]);
    const inner = await table({ symbols: ['NY', 'FRA'], interval: '1d', join: 'inner' });
    expect([inner.length, inner[0], inner.at(-1)]).toEqual([8, ['03-03T00:00', 2, 0], ['03-10T00:00', 9, 7]]);
  });

  it('fills for so many rows, takes the times of the first, and names symbols without bars', async () => {
    const problems: string[] = [];
    const onProblem = (symbol: string) => problems.push(symbol);
    const filled = await table({
      symbols: ['NY', 'GAPS', 'NOBODY'],
      interval: '1m',
      fillRows: 2,
      join: 'left',
      onProblem,
    });
    expect(filled.map(([, , gaps]) => gaps)).toEqual([0, 0, 0, 1, 1, 1, NaN, NaN, NaN, 2]);
    expect(problems).toEqual(['NOBODY']);
    const inner = await table({ symbols: ['GAPS', 'NY', 'NOBODY'], interval: '1m', join: 'inner' });
    expect(inner.map(([, gaps, ny]) => [gaps, ny])).toEqual([
      [0, 0],
      [1, 3],
      [2, 9],
    ]);
  });

  it('has the times that sessions want, and carries nothing from one into another', async () => {
    const close = ns('2024-03-04T21:00:00Z');
    await world.store.write([barRows(countingBars([close - MINUTE_NS, minute(1)]), { symbol: 'TWO' })]);
    const rows = await table({
      symbols: ['TWO'],
      interval: '1m',
      startNs: close - 2n * MINUTE_NS,
      endNs: minute(3),
      join: 'sessions',
      calendar: 'XNYS',
      fillRows: 100,
    });
    expect(rows).toEqual([
      ['03-04T20:58', NaN],
      ['03-04T20:59', 0],
      ['03-05T14:30', NaN],
      ['03-05T14:31', 1],
      ['03-05T14:32', 1],
    ]);
  });

  it('makes its bars of shorter ones, in columns of choice', async () => {
    const [first] = await client
      .aligned({ symbols: ['NY', 'GAPS'], interval: '5m', resampleFrom: '1m', columns: ['open', 'volume'] })
      .toArray();
    expect(first).toEqual({
      timeNs: OPEN,
      values: { NY: { open: 0, volume: 5 }, GAPS: { open: 0, volume: 2 } },
    });
  });

  it.each<[string, Partial<AlignedOptions>, string]>([
    ['no symbols', { symbols: [] }, 'symbols is empty: name at least one instrument'],
    ['a bar without length', { interval: '100tick' }, 'interval: "100tick" is not an interval'],
    [
      'a column',
      { columns: ['venue'] },
      'columns: "venue" is not one of open, high, low, close, volume, vwap, trade_count',
    ],
    ['a reversed range', { startNs: 2n, endNs: 1n }, 'is not before range.end_ns'],
    [
      'sessions of an open range',
      { join: 'sessions' },
      'join AXIS_JOIN_SESSIONS: name both sides of the range',
    ],
    [
      'sessions of nobody knows which',
      { join: 'sessions', startNs: 1n, endNs: 2n },
      'NY has no calendar: name one',
    ],
  ])('refuses %s', async (_what, options, message) => {
    await expect(
      client.aligned({ symbols: ['NY'], interval: '1m', ...options }).toArray(),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('JoinAsOf', () => {
  it('finds for bars the quote of their end, the last of one instant, or of before', async () => {
    const bars = { kind: 'bars', symbols: ['NY'], interval: '1m', columns: ['close'] } as const;
    const bids = async (options: object) =>
      (
        await client
          .joinAsOf({ left: bars, right: { kind: 'quotes' }, endNs: minute(3), ...options })
          .toArray()
      ).map(({ right }) => right?.values['bid_price']);
    expect(await bids({})).toEqual([4, 4, 4]);
    expect(await bids({ strictlyBefore: true })).toEqual([2, 4, 4]);
    expect(await bids({ leftAtStart: true })).toEqual([1, 4, 4]);
    expect(await bids({ leftAtStart: true, strictlyBefore: true })).toEqual([undefined, 2, 4]);
    expect(await bids({ toleranceNs: MINUTE_NS })).toEqual([4, 4, undefined]);
  });

  it('takes a bar for known when it is over, not when it begins', async () => {
    const left = { kind: 'quotes', symbols: ['NY'], columns: ['bid_price'] } as const;
    const rows = await client
      .joinAsOf({ left, right: { kind: 'bars', interval: '1m', columns: ['close'] } })
      .toArray();
    // The bar of 14:30 is over at 14:31, which is when the last two quotes are.
    expect(rows.map(({ right }) => right?.values['close'])).toEqual([undefined, undefined, 0, 0]);
    expect(rows[2]?.right).toMatchObject({ timeNs: OPEN, knownNs: minute(1) });
    const days = await client
      .joinAsOf({ left, right: { kind: 'bars', interval: '1d', columns: ['close'], symbol: 'NY' } })
      .toArray();
    // At 14:30 of March 5 the last day that is over is March 4, the fourth bar.
    expect(days.map(({ right }) => right?.values['close'])).toEqual([3, 3, 3, 3]);
    const daily = { kind: 'bars', symbols: ['NY'], interval: '1d', columns: ['close'] } as const;
    const other = await client
      .joinAsOf({
        left: daily,
        right: { kind: 'bars', interval: '1d', symbol: 'FRA', columns: ['close'] },
        leftAtStart: true,
      })
      .toArray();
    // When a day begins in UTC, the day before it is over; one whose bar has no session date is over a day after its start.
    expect(other.map(({ right }) => right?.values['close'])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      0,
      1,
      2,
      3,
      4,
      5,
    ]);
  });

  it('joins values of indicators, several symbols, and says of which there is nothing', async () => {
    const problems: string[] = [];
    const rows = await client
      .joinAsOf({
        left: { kind: 'bars', symbols: ['NY', 'NOBODY', 'GAPS'], interval: '1m', columns: ['close'] },
        right: { kind: 'indicators', interval: '1m', specId: 'sma(2)' },
        startNs: minute(2),
        onProblem: (symbol, problem) => problems.push(`${symbol}: ${problem}`),
      })
      .toArray();
    // Each bar has the value of itself: both are known when it is over.
    expect(rows.map(({ symbol, left, right }) => [symbol, left['close'], right?.values['sma']])).toEqual([
      ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => ['NY', n, n - 0.5]),
      ['GAPS', 1, 0.5],
      ['GAPS', 2, 1.5],
    ]);
    expect(problems).toEqual(['NOBODY: NOBODY has no 1m bars in the range']);
    const lonely = client.joinAsOf({
      left: { kind: 'bars', symbols: ['GAPS'], interval: '1m' },
      right: { kind: 'quotes' },
      onProblem: (symbol, problem) => problems.push(`${symbol}: ${problem}`),
    });
    expect((await lonely.toArray()).map(({ right }) => right)).toEqual([undefined, undefined, undefined]);
    expect(problems.at(-1)).toBe('GAPS: GAPS has no quotes by then');
  });

  it.each([
    [
      'bars without an end',
      { right: { kind: 'bars', interval: '100tick' } },
      'right.interval: 100tick bars do not say when they are over',
    ],
    [
      'a column',
      { right: { kind: 'quotes', columns: ['mid'] } },
      'right.columns: "mid" is not one of bid_price',
    ],
    [
      'an unknown indicator',
      { right: { kind: 'indicators', interval: '1m', specId: 'smaa(2)' } },
      'right.spec_id: ',
    ],
    ['a tolerance', { toleranceNs: -1n }, 'tolerance_ns -1 is below 0'],
    ['no interval', { right: { kind: 'bars' } }, 'right.interval is empty'],
  ] as const)('refuses %s', async (_what, options, message) => {
    const left = { kind: 'quotes', symbols: ['NY'] } as const;
    await expect(
      client.joinAsOf({ left, right: { kind: 'quotes' }, ...options }).toArray(),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message) as string,
    });
  });
});
