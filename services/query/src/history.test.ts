import { create } from '@bufbuild/protobuf';
import { TABLES, decodeTicksResponse, events, queryV1, type PackedTicks } from '@tickwell/contracts';
import { packTrades } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { MAX_ROWS_PER_MESSAGE } from './chunks.ts';
import { World, startService } from './fixtures/world.ts';

const call = { signal: new AbortController().signal };

async function writeBars(
  world: World,
  symbol: string,
  count: number,
  source = 'test',
  knownAtNs = 1n,
): Promise<void> {
  const timestampNs = Array.from({ length: count }, (_, n) => BigInt(n) * 60_000_000_000n);
  const texts = Object.entries({
    symbol,
    source,
    epoch: 'e',
    interval: '1m',
    price_type: 'trade',
    price_basis: 'raw',
  });
  const prices = ['open', 'high', 'low', 'close', 'volume'];
  await world.store.write([
    {
      table: TABLES.bars.name,
      timestampNs,
      columns: [
        ...texts.map(([name, values]) => ({ type: 'symbol' as const, name, values })),
        { type: 'long', name: 'record_offset', values: 0n },
        { type: 'timestamp', name: 'known_at', values: knownAtNs },
        ...prices.map((name, at) => ({
          type: 'double' as const,
          name,
          values: timestampNs.map((_, n) => n + at),
        })),
      ],
    },
  ]);
}

async function readBars(
  world: World,
  init: Parameters<typeof create<typeof queryV1.GetBarsRequestSchema>>[1],
): Promise<queryV1.GetBarsResponse[]> {
  await using service = await startService(world.service());
  const request = create(queryV1.GetBarsRequestSchema, { symbol: 'A', interval: '1m', ...init });
  const answers: queryV1.GetBarsResponse[] = [];
  for await (const answer of service.calls.getBars(request, call)) answers.push(answer);
  return answers;
}

const starts = (answers: readonly queryV1.GetBarsResponse[]): number[] =>
  answers.flatMap(({ bars }) => bars?.startNs ?? []).map((ns) => Number(ns / 60_000_000_000n));

describe('GetBars', () => {
  it('answers what was known at a time, and says since when', async () => {
    const world = new World();
    await writeBars(world, 'A', 3);
    const MINUTE = 60_000_000_000n;
    const [now] = await readBars(world, {});
    expect(now).toMatchObject({ backfilled: false, knownAtNs: [] });
    const [then] = await readBars(world, { asOfNs: 2n * MINUTE });
    expect(then).toMatchObject({ backfilled: false, knownAtNs: [1n, 1n, 1n] });
    const world2 = new World();
    await writeBars(world2, 'A', 3, 'test', 90n * MINUTE);
    const late = await readBars(world2, { asOfNs: 2n * MINUTE, source: 'best' });
    expect(late).toMatchObject([{ backfilled: true, knownAtNs: [90n * MINUTE, 90n * MINUTE] }]);
    expect(starts(late)).toEqual([0, 1]);
    expect(await readBars(world2, { asOfNs: 2n * MINUTE, strict: true })).toEqual([]);
    await expect(readBars(world, { strict: true })).rejects.toThrow('strict is of a time');
    await expect(readBars(world, { asOfNs: -1n })).rejects.toThrow('before 1970');
    await expect(
      readBars(world, {
        asOfNs: 1n,
        requireComplete: true,
        source: 'test',
        range: create(queryV1.TimeRangeSchema, { startNs: 1n }),
      }),
    ).rejects.toThrow('goes without as_of_ns');
  });

  it('answers everything with all columns, or the columns asked for', async () => {
    const world = new World();
    await writeBars(world, 'A', 2);
    const [all] = await readBars(world, {});
    expect(all).toMatchObject({
      source: 'test',
      priceBasis: events.PriceBasis.RAW,
      bars: { open: [0, 1], high: [1, 2], close: [3, 4], volume: [4, 5], vwap: [] },
    });
    const [some] = await readBars(world, { columns: ['close', 'start_ns'] });
    expect(some?.bars).toMatchObject({ startNs: [0n, 60_000_000_000n], close: [3, 4], open: [], volume: [] });
  });

  it('cuts by range, limit and newest', async () => {
    const world = new World();
    await writeBars(world, 'A', 10);
    const minute = 60_000_000_000n;
    expect(starts(await readBars(world, { range: { startNs: 3n * minute, endNs: 6n * minute } }))).toEqual([
      3, 4, 5,
    ]);
    expect(starts(await readBars(world, { range: { startNs: 8n * minute } }))).toEqual([8, 9]);
    expect(starts(await readBars(world, { range: { endNs: 1n * minute } }))).toEqual([0]);
    expect(starts(await readBars(world, { limit: 2n }))).toEqual([0, 1]);
    expect(starts(await readBars(world, { limit: 2n, newest: true }))).toEqual([8, 9]);
  });

  it('answers nothing for what is not there', async () => {
    expect(await readBars(new World(), { symbol: 'NOBODY' })).toEqual([]);
  });

  it('splits what the store hands over at once into messages of bounded size', async () => {
    const world = new World();
    const rows = 2 * MAX_ROWS_PER_MESSAGE + 5;
    const timeNs = Array.from({ length: rows }, (_, n) => BigInt(n));
    const price = timeNs.map(Number);
    const columns = { timeNs, seq: timeNs, price, size: price, venue: timeNs.map(String), conditions: [] };
    async function* trades(): AsyncGenerator<PackedTicks> {
      await Promise.resolve();
      yield { source: 's', trades: packTrades(columns) };
    }
    const reader = Object.assign(world.store, { trades });
    await using service = await startService(world.service({ reader }));
    const sizes: number[] = [];
    const times: bigint[] = [];
    const request = create(queryV1.GetTicksRequestSchema, { symbol: 'A' });
    for await (const bytes of service.calls.getTicks(request, call)) {
      const { trades: part } = decodeTicksResponse(bytes);
      expect(part.venue).toEqual(Array.from(part.timeNs, String));
      sizes.push(part.price.length);
      times.push(...part.timeNs);
    }
    expect(sizes).toEqual([MAX_ROWS_PER_MESSAGE, MAX_ROWS_PER_MESSAGE, 5]);
    expect(times).toEqual(timeNs);
  });
});

describe('source "best"', () => {
  it('is refused for what has no such series, rather than answered with nothing', async () => {
    await using service = await startService(new World().service());
    const named = { symbol: 'A', source: 'best' };
    const answers = [
      service.calls.getTicks(create(queryV1.GetTicksRequestSchema, named), call),
      service.calls.getQuotes(create(queryV1.GetQuotesRequestSchema, named), call),
    ];
    for (const answer of answers) await expect(answer.next()).rejects.toThrow(/"best" is of bars only/);
  });
});

describe('ListInstruments', () => {
  it('lists what there is and says when there is more', async () => {
    const world = new World();
    await writeBars(world, 'AAPL', 3);
    await writeBars(world, 'AMZN', 2);
    await writeBars(world, 'MSFT', 1);
    await using service = await startService(world.service());
    const list = (init: {
      symbolPrefix?: string;
      limit?: number;
    }): Promise<queryV1.ListInstrumentsResponse> =>
      service.calls.listInstruments(create(queryV1.ListInstrumentsRequestSchema, init));
    const all = await list({});
    expect(all.series.map(({ symbol, kind, interval, rows }) => [symbol, kind, interval, rows])).toEqual([
      ['AAPL', 'bars', '1m', 3n],
      ['AMZN', 'bars', '1m', 2n],
      ['MSFT', 'bars', '1m', 1n],
    ]);
    expect(all.truncated).toBe(false);
    expect(await list({ symbolPrefix: 'A', limit: 1 })).toMatchObject({
      series: [{ symbol: 'AAPL' }],
      truncated: true,
    });
  });
});
