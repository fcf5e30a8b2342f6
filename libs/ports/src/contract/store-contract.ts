import { unpackTrades } from '@tickwell/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BarQuery, RowColumn, SeriesQuery } from '../store.ts';
import { actionCases } from './action-cases.ts';
import { asOfCases } from './as-of-cases.ts';
import { fundamentalCases } from './fundamental-cases.ts';
import { deadLetterCases } from './dead-letter-cases.ts';
import { frameCases } from './frame-cases.ts';
import { holeCases } from './hole-cases.ts';
import { qualityCases } from './quality-cases.ts';
import { reconciliationCases } from './reconciliation-cases.ts';
import type { Cases, StoreUnderTest } from './store-cases.ts';
import {
  SECOND,
  T0,
  barRows,
  flowColumns,
  indicatorRows,
  readBars,
  readIndicators,
  readTrades,
  tradeRows,
} from './store-fixtures.ts';

/** Every store keeps this: what the writer resolved is read back by the reader, once, in order, in its current version. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let opened: StoreUnderTest | undefined;
    let serial = 0;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.close();
    });
    const cases: Cases = {
      store: () => {
        if (opened === undefined) throw new Error('the store is not open');
        return opened;
      },
      fresh: () => `C${Date.now().toString(36)}.${(serial += 1)}`.toUpperCase(),
    };
    rowCases(cases);
    columnAndVersionCases(cases);
    boundaryCases(cases);
    deadLetterCases(cases);
    actionCases(cases);
    asOfCases(cases);
    fundamentalCases(cases);
    reconciliationCases(cases);
    holeCases(cases);
    frameCases(cases);
    qualityCases(cases);
  });
}

function rowCases(cases: Cases): void {
  it('answers an empty series with nothing', async () => {
    const symbol = cases.fresh();
    expect(await readTrades(cases.store().reader, { symbol })).toEqual([]);
    expect(await readBars(cases.store().reader, { symbol })).toEqual([]);
    expect(await readIndicators(cases.store().reader, symbol)).toEqual([]);
    expect(await cases.store().reader.series({ symbolPrefix: symbol, limit: 10 })).toEqual([]);
  });

  it('keeps every nanosecond, every bit of a double and every digit of a sequence number', async () => {
    const symbol = cases.fresh();
    const prices = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.5, 123456789.12345679, 1e21, 1e-7];
    const trades = prices.map((price, at) => ({
      timeNs: T0 + BigInt(at),
      price,
      size: at / 3,
      seq: 9_007_199_254_740_993n + BigInt(at),
    }));
    await cases.store().writer.write([tradeRows({ symbol }, trades)]);
    expect(await readTrades(cases.store().reader, { symbol })).toEqual(
      trades.map((trade) => ({ source: 'file:a', ...trade })),
    );
  });

  it('stores a row that is written twice once, in one write and across writes', async () => {
    const symbol = cases.fresh();
    const rows = tradeRows({ symbol }, [{ timeNs: T0 }, { timeNs: T0 + 1n }, { timeNs: T0 }]);
    await cases.store().writer.write([rows]);
    await cases.store().writer.write([rows]);
    expect((await readTrades(cases.store().reader, { symbol })).map(({ timeNs }) => timeNs)).toEqual([
      T0,
      T0 + 1n,
    ]);
  });

  it('tells trades of equal time apart by their sequence number, byte-identical or not', async () => {
    const symbol = cases.fresh();
    const trades = [0n, 1n, 2n].map((seq) => ({ timeNs: T0, seq }));
    await cases.store().writer.write([tradeRows({ symbol }, trades)]);
    expect((await readTrades(cases.store().reader, { symbol })).map(({ seq }) => seq)).toEqual([0n, 1n, 2n]);
  });

  it('answers oldest first, whatever the order of writing, then by source, then by sequence number', async () => {
    const symbol = cases.fresh();
    const late = [T0 + 3n, T0 + 1n, T0 + 2n].map((timeNs) => ({ timeNs, seq: 1n }));
    await cases.store().writer.write([tradeRows({ symbol, source: 'file:b' }, late)]);
    await cases
      .store()
      .writer.write([
        tradeRows({ symbol, source: 'file:b' }, [{ timeNs: T0 + 1n, seq: 0n }]),
        tradeRows({ symbol, source: 'file:a' }, [{ timeNs: T0 + 1n, seq: 7n }]),
      ]);
    const read = (await readTrades(cases.store().reader, { symbol })).map(
      ({ timeNs, source, seq }) => `${timeNs - T0} ${source} ${seq}`,
    );
    expect(read).toEqual(['1 file:a 7', '1 file:b 0', '1 file:b 1', '2 file:b 1', '3 file:b 1']);
    expect(await readTrades(cases.store().reader, { symbol, source: 'file:a' })).toHaveLength(1);
    expect(await readTrades(cases.store().reader, { symbol, source: 'file:c' })).toEqual([]);
  });

  it('cuts spans half-open, with either side open', async () => {
    const symbol = cases.fresh();
    const trades = [0n, 1n, 2n, 3n].map((at) => ({ timeNs: T0 + at }));
    await cases.store().writer.write([tradeRows({ symbol }, trades)]);
    const times = async (span: { startNs?: bigint; endNs?: bigint }): Promise<bigint[]> =>
      (await readTrades(cases.store().reader, { symbol, ...span })).map(({ timeNs }) => timeNs - T0);
    expect(await times({ startNs: T0 + 1n, endNs: T0 + 3n })).toEqual([1n, 2n]);
    expect(await times({ startNs: T0 + 2n })).toEqual([2n, 3n]);
    expect(await times({ endNs: T0 + 1n })).toEqual([0n]);
    expect(await times({ startNs: T0 + 2n, endNs: T0 + 2n })).toEqual([]);
    expect(await times({ startNs: -5n, endNs: 2n ** 63n })).toEqual([0n, 1n, 2n, 3n]);
  });

  it('keeps the oldest with limit and the newest with newest, oldest first either way', async () => {
    const symbol = cases.fresh();
    const trades = Array.from({ length: 300 }, (_, at) => ({
      timeNs: T0 + BigInt(at >> 2),
      seq: BigInt(at & 3),
    }));
    await cases.store().writer.write([tradeRows({ symbol }, trades)]);
    const keys = async (query: Omit<SeriesQuery, 'symbol'>): Promise<string[]> =>
      (await readTrades(cases.store().reader, { symbol, ...query })).map(
        ({ timeNs, seq }) => `${timeNs} ${seq}`,
      );
    const all = trades.map(({ timeNs, seq }) => `${timeNs} ${seq}`);
    for (const limit of [1, 2, 5, 7, 100, 299, 300, 301]) {
      expect(await keys({ limit })).toEqual(all.slice(0, limit));
      expect(await keys({ limit, newest: true })).toEqual(all.slice(-limit));
    }
    expect(await keys({ limit: 3, newest: true, endNs: T0 + 2n })).toEqual(all.slice(5, 8));
  });

  it('reads a long series in chunks of one source, in order, complete', async () => {
    const symbol = cases.fresh();
    const count = 20_000;
    const trades = Array.from({ length: count }, (_, at) => ({
      timeNs: T0 + BigInt(at >> 1),
      seq: BigInt(at & 1),
      price: at + 1,
    }));
    await cases.store().writer.write([tradeRows({ symbol }, trades)]);
    const prices: number[] = [];
    for await (const chunk of cases.store().reader.trades({ symbol })) {
      expect(chunk.trades.timeNs.length).toBeLessThanOrEqual(10_000);
      prices.push(...chunk.trades.price);
    }
    expect(prices).toEqual(trades.map(({ price }) => price));
    const newest = await readTrades(cases.store().reader, { symbol, limit: 12_345, newest: true });
    expect(newest.map(({ price }) => price)).toEqual(trades.slice(-12_345).map(({ price }) => price));
  });

  it('lets a reader stop early', async () => {
    const symbol = cases.fresh();
    const trades = Array.from({ length: 12_000 }, (_, at) => ({ timeNs: T0 + BigInt(at) }));
    await cases.store().writer.write([tradeRows({ symbol }, trades)]);
    for await (const chunk of cases.store().reader.trades({ symbol })) {
      expect(chunk.trades.timeNs[0]).toBe(T0);
      break;
    }
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(readTrades(cases.store().reader, { symbol, signal: aborted })).rejects.toThrow('enough');
  });
}

function columnAndVersionCases(cases: Cases): void {
  it('reads back an optional column only where it was written, and one-sided quotes as NaN', async () => {
    const symbol = cases.fresh();
    await cases.store().writer.write([
      tradeRows({ symbol, source: 'plain' }, [{ timeNs: T0 }]),
      tradeRows({ symbol, source: 'rich' }, [
        { timeNs: T0, conditions: '@ T', venue: 'Q' },
        { timeNs: T0 + 1n, conditions: '', venue: 'ARCA' },
      ]),
      {
        table: 'quotes',
        timestampNs: [T0, T0 + 1n],
        columns: [
          ...flowColumns({ symbol }),
          { type: 'long', name: 'seq', values: [0, 0] },
          { type: 'double', name: 'bid_price', values: [1.5, Number.NaN] },
          { type: 'double', name: 'bid_size', values: [100, Number.NaN] },
          { type: 'double', name: 'ask_price', values: [Number.NaN, 1.75] },
          { type: 'double', name: 'ask_size', values: [Number.NaN, 200] },
        ],
      },
    ]);
    const [plain, first, second] = await readTrades(cases.store().reader, { symbol });
    expect(plain).not.toHaveProperty('conditions');
    expect(plain).not.toHaveProperty('venue');
    expect(first).toMatchObject({ conditions: '@ T', venue: 'Q' });
    expect(second).toMatchObject({ conditions: '', venue: 'ARCA' });
    for await (const { quotes } of cases.store().reader.quotes({ symbol })) {
      expect(Array.from(quotes.bidPrice)).toEqual([1.5, Number.NaN]);
      expect(Array.from(quotes.bidSize)).toEqual([100, Number.NaN]);
      expect(Array.from(quotes.askPrice)).toEqual([Number.NaN, 1.75]);
      expect(Array.from(quotes.askSize)).toEqual([Number.NaN, 200]);
    }
  });

  it('fills only the columns asked for, and time', async () => {
    const symbol = cases.fresh();
    await cases.store().writer.write([tradeRows({ symbol }, [{ timeNs: T0, price: 2, venue: 'Q' }])]);
    for await (const { trades } of cases.store().reader.trades({ symbol, columns: ['price'] })) {
      const columns = { timeNs: [T0], seq: [], price: [2], size: [], conditions: [], venue: [] };
      expect(unpackTrades(trades)).toEqual(columns);
    }
    await expect(
      readTrades(cases.store().reader, { symbol, columns: ['price; drop table trades'] }),
    ).rejects.toMatchObject({
      code: 'query-refused',
      retryable: false,
    });
  });

  it('answers the current version of a bar and keeps what a cut excludes out', async () => {
    const symbol = cases.fresh();
    const minute = 60n * SECOND;
    const versions = [
      { offset: 5n, knownAtNs: T0 + 1n, close: 2 },
      { offset: 9n, knownAtNs: T0 + 9n, close: 4 },
      { offset: 7n, knownAtNs: T0 + 5n, close: 3 },
    ];
    for (const { close, ...version } of versions) {
      await cases
        .store()
        .writer.write([
          barRows({ symbol, ...version }, [{ startNs: T0, close, volume: 10 }]),
          barRows({ symbol, source: 'other', ...version }, [{ startNs: T0, close: -close }]),
        ]);
    }
    await cases.store().writer.write([barRows({ symbol, offset: 8n }, [{ startNs: T0 + minute, close: 1 }])]);
    const closes = async (query: Partial<BarQuery>): Promise<string[]> =>
      (await readBars(cases.store().reader, { symbol, ...query })).map(
        ({ source, close }) => `${source} ${close}`,
      );
    expect(await closes({})).toEqual(['file:a 4', 'other -4', 'file:a 1']);
    expect(await closes({ limit: 2 })).toEqual(['file:a 4', 'other -4']);
    expect(await closes({ limit: 2, newest: true })).toEqual(['other -4', 'file:a 1']);
    expect(await closes({ before: { epoch: 'e1', offset: 9n } })).toEqual([
      'file:a 3',
      'other -3',
      'file:a 1',
    ]);
    expect(await closes({ before: { epoch: 'e1', offset: 6n } })).toEqual(['file:a 2', 'other -2']);
    expect(await closes({ before: { epoch: 'e2', offset: 0n } })).toEqual([
      'file:a 4',
      'other -4',
      'file:a 1',
    ]);
    expect(await closes({ interval: '5m' })).toEqual([]);
    expect(await closes({ priceType: 'mid' })).toEqual([]);
  });

  it('answers bars with their price basis and with optional columns empty or full', async () => {
    const symbol = cases.fresh();
    await cases
      .store()
      .writer.write([
        barRows({ symbol, basis: 'raw' }, [{ startNs: T0, close: 1 }]),
        barRows({ symbol, basis: 'split-adjusted' }, [
          { startNs: T0 + SECOND, close: 2, volume: 7, tradeCount: 3 },
        ]),
      ]);
    const chunks: { priceBasis: string; volume: number[]; tradeCount: number[]; vwap: number[] }[] = [];
    for await (const { priceBasis, bars } of cases.store().reader.bars({
      symbol,
      interval: '1m',
      priceType: 'trade',
    })) {
      const { volume, tradeCount, vwap, sessionDate } = bars;
      expect(sessionDate).toEqual([]);
      chunks.push({ priceBasis, volume, tradeCount, vwap });
    }
    expect(chunks).toEqual([
      { priceBasis: 'raw', volume: [], tradeCount: [], vwap: [] },
      { priceBasis: 'split-adjusted', volume: [7], tradeCount: [3], vwap: [] },
    ]);
  });

  it('puts the outputs of an indicator side by side, ordered by name, each in its current version', async () => {
    const symbol = cases.fresh();
    const first = [
      { startNs: T0, value: Number.NaN, warm: false },
      { startNs: T0 + 1n, value: 2, warm: true },
    ];
    await cases
      .store()
      .writer.write([indicatorRows({ symbol }, 'signal', first), indicatorRows({ symbol }, 'macd', first)]);
    const corrected = [{ startNs: T0 + 1n, value: 3, warm: true }];
    await cases.store().writer.write([indicatorRows({ symbol, knownAtNs: T0 + 5n }, 'macd', corrected)]);
    const values = (macd: number, signal: number): [string, number][] => [
      ['macd', macd],
      ['signal', signal],
    ];
    const alike = { source: 'file:a', specId: 'macd(12,26,9,close)' };
    expect(await readIndicators(cases.store().reader, symbol)).toEqual([
      { ...alike, timeNs: T0, warm: false, values: values(Number.NaN, Number.NaN) },
      { ...alike, timeNs: T0 + 1n, warm: true, values: values(3, 2) },
    ]);
  });
}

function boundaryCases(cases: Cases): void {
  it('takes any text in names and free text', async () => {
    const symbol = cases.fresh();
    const odd = ["o'Brien", 'back\\slash', 'ключ 価格 🚀', 'a=b,c d', '-- ; drop', '%_'];
    await cases
      .store()
      .writer.write(odd.map((source, at) => tradeRows({ symbol, source }, [{ timeNs: T0, price: at + 1 }])));
    for (const [at, source] of odd.entries()) {
      expect(await readTrades(cases.store().reader, { symbol, source })).toMatchObject([
        { source, price: at + 1 },
      ]);
    }
    await cases.store().writer.write([
      {
        table: 'portfolio_events',
        timestampNs: [T0],
        columns: [
          ...flowColumns({ symbol }),
          { type: 'symbol', name: 'account', values: 'd' },
          { type: 'symbol', name: 'kind', values: 'position' },
          { type: 'symbol', name: 'item', values: 'd' },
          { type: 'varchar', name: 'payload', values: '{"q":"\\"x\\"\\n","ü":"日本\n\t"}' },
        ],
      },
    ]);
  });

  it('lists every series with its rows, a bar counted once, by symbol prefix and limit', async () => {
    const symbol = cases.fresh();
    const minute = 60n * SECOND;
    await cases.store().writer.write([
      tradeRows({ symbol: `${symbol}-B` }, [{ timeNs: T0 }, { timeNs: T0 + 5n }]),
      tradeRows({ symbol: `${symbol}-A` }, [{ timeNs: T0 }]),
      barRows({ symbol: `${symbol}-A` }, [{ startNs: T0, close: 1 }]),
      barRows({ symbol: `${symbol}-A`, knownAtNs: T0 + 9n }, [
        { startNs: T0, close: 2 },
        { startNs: T0 + minute, close: 2 },
      ]),
    ]);
    const series = await cases.store().reader.series({ symbolPrefix: symbol, limit: 10 });
    expect(series).toEqual([
      {
        symbol: `${symbol}-A`,
        source: 'file:a',
        kind: 'bars',
        interval: '1m',
        priceType: 'trade',
        rows: 2,
        firstNs: T0,
        lastNs: T0 + minute,
      },
      {
        symbol: `${symbol}-A`,
        source: 'file:a',
        kind: 'trades',
        interval: '',
        rows: 1,
        firstNs: T0,
        lastNs: T0,
      },
      {
        symbol: `${symbol}-B`,
        source: 'file:a',
        kind: 'trades',
        interval: '',
        rows: 2,
        firstNs: T0,
        lastNs: T0 + 5n,
      },
    ]);
    expect(await cases.store().reader.series({ symbolPrefix: symbol, limit: 2 })).toEqual(series.slice(0, 2));
    expect(await cases.store().reader.series({ symbolPrefix: `${symbol}%`, limit: 2 })).toEqual([]);
  });

  it('takes thousands of symbols in one write', async () => {
    const prefix = cases.fresh();
    const count = 3_000;
    const rows = Array.from({ length: count }, (_, at) =>
      tradeRows({ symbol: `${prefix}-${at}` }, [{ timeNs: T0, price: at + 1 }]),
    );
    await cases.store().writer.write(rows);
    expect(await cases.store().reader.series({ symbolPrefix: `${prefix}-`, limit: 10_000 })).toHaveLength(
      count,
    );
    expect(await readTrades(cases.store().reader, { symbol: `${prefix}-2999` })).toMatchObject([
      { price: 3_000 },
    ]);
  });

  it('settles overlapping writes, each with its rows visible', async () => {
    const symbol = cases.fresh();
    await Promise.all(
      [0n, 1n, 2n, 3n].map(async (at) => {
        await cases.store().writer.write([tradeRows({ symbol }, [{ timeNs: T0 + at }])]);
        const times = (await readTrades(cases.store().reader, { symbol })).map(({ timeNs }) => timeNs);
        expect(times).toContain(T0 + at);
      }),
    );
  });

  it.each([
    ['an infinite double', { type: 'double', name: 'price', values: [Infinity] }, 'price'],
    ['an integer beyond 64 bits', { type: 'long', name: 'seq', values: [2n ** 63n] }, 'seq'],
    ['a column that is not in the catalogue', { type: 'double', name: 'no_such', values: [1] }, 'no_such'],
    ['a column of another type', { type: 'varchar', name: 'price', values: ['1'] }, 'price'],
    ['a column of another length', { type: 'double', name: 'price', values: [1, 2] }, 'price'],
  ] satisfies [string, RowColumn, string][])(
    'refuses %s for good, stores none of its write, goes on',
    async (_, bad, column) => {
      const symbol = cases.fresh();
      const good = tradeRows({ symbol }, [{ timeNs: T0 }]);
      const rows = { ...good, columns: [...good.columns.filter(({ name }) => name !== bad.name), bad] };
      await expect(cases.store().writer.write([good, rows])).rejects.toMatchObject({
        code: 'rows-refused',
        retryable: false,
        message: expect.stringMatching(new RegExp(`trades.*${column}`)) as unknown,
      });
      expect(await readTrades(cases.store().reader, { symbol })).toEqual([]);
      await cases.store().writer.write([good]);
      expect(await readTrades(cases.store().reader, { symbol })).toHaveLength(1);
    },
  );

  it.each([-1n, 2n ** 63n - 1n])('refuses the event time %s, which no store keeps', async (timeNs) => {
    const symbol = cases.fresh();
    await expect(cases.store().writer.write([tradeRows({ symbol }, [{ timeNs }])])).rejects.toMatchObject({
      code: 'rows-refused',
    });
  });

  it('refuses a query that is none', async () => {
    const refused = { code: 'query-refused', retryable: false };
    await expect(readTrades(cases.store().reader, { symbol: "A' or 1=1 --" })).rejects.toMatchObject(refused);
    await expect(readTrades(cases.store().reader, { symbol: 'A', limit: 0 })).rejects.toMatchObject(refused);
    await expect(readTrades(cases.store().reader, { symbol: 'A', limit: 1.5 })).rejects.toMatchObject(
      refused,
    );
    await expect(readTrades(cases.store().reader, { symbol: 'A', newest: true })).rejects.toMatchObject(
      refused,
    );
  });
}
