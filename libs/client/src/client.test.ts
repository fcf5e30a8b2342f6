import { create } from '@bufbuild/protobuf';
import { BarsFingerprinter, events, queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { lost, scripted } from './fixtures/scripted-server.ts';

const NAN = Number.NaN;

function barsAnswer(startNs: bigint[], close: number[]): queryV1.GetBarsResponse {
  const columns = { startNs, open: close, high: close, low: close, close, volume: close };
  return create(queryV1.GetBarsResponseSchema, {
    source: 's',
    priceBasis: events.PriceBasis.RAW,
    bars: create(events.BarColumnsSchema, columns),
  });
}

describe('bars', () => {
  it('come as columns, as rows, or all at once, and ask for what was said', async () => {
    const requests: queryV1.GetBarsRequest[] = [];
    await using pair = await scripted({
      async *getBars(request) {
        requests.push(request);
        await Promise.resolve();
        yield barsAnswer([1n, 2n], [10, 20]);
        yield barsAnswer([3n], [30]);
      },
    });
    const bars = pair.client.bars({
      symbol: 'A',
      interval: '1d',
      startNs: 1n,
      limit: 7,
      newest: true,
      priceType: 'mid',
    });
    const chunks: unknown[] = [];
    for await (const chunk of bars) chunks.push([chunk.source, chunk.priceBasis, chunk.bars.close]);
    expect(chunks).toEqual([
      ['s', 'raw', [10, 20]],
      ['s', 'raw', [30]],
    ]);
    const rows = await bars.toArray();
    expect(rows.map((row) => [row.startNs, row.close, row.volume, row.vwap])).toEqual([
      [1n, 10, 10, undefined],
      [2n, 20, 20, undefined],
      [3n, 30, 30, undefined],
    ]);
    expect(requests[0]).toMatchObject({
      symbol: 'A',
      interval: '1d',
      range: { startNs: 1n, endNs: 0n },
      limit: 7n,
      newest: true,
      priceType: events.PriceType.MID,
    });
  });

  it('are asked for again while nothing has arrived, and only then', async () => {
    let calls = 0;
    await using pair = await scripted({
      async *getBars() {
        calls += 1;
        await Promise.resolve();
        if (calls < 3) throw lost();
        yield barsAnswer([1n], [1]);
        throw lost();
      },
    });
    const rows = pair.client.bars({ symbol: 'A', interval: '1d' }).rows();
    expect((await rows.next()).value).toMatchObject({ startNs: 1n });
    await expect(rows.next()).rejects.toMatchObject({ code: 'unavailable' });
    expect(calls).toBe(3);
  });
});

describe('bars with a fingerprint', () => {
  const PIN = { asOfNs: 9n, bars: { epoch: 'B', offsets: [1n] }, actions: { epoch: 'A', offsets: [2n] } };
  const answers = (): queryV1.GetBarsResponse[] => [barsAnswer([1n, 2n], [10, 20]), barsAnswer([3n], [30])];

  /** The last message of a server that has hashed these answers. */
  function closing(request: queryV1.GetBarsRequest, of = answers()): queryV1.GetBarsResponse {
    const hash = new BarsFingerprinter();
    for (const answer of of) hash.add(answer);
    const value = hash.fingerprint(request, PIN);
    const fingerprint = { value, asOfNs: PIN.asOfNs, rows: BigInt(hash.rows) };
    return create(queryV1.GetBarsResponseSchema, { fingerprint });
  }

  it('tell it at the end, and are checked against it later', async () => {
    const requests: queryV1.GetBarsRequest[] = [];
    await using pair = await scripted({
      async *getBars(request) {
        requests.push(request);
        await Promise.resolve();
        yield* answers();
        yield closing(request);
      },
    });
    const told: unknown[] = [];
    const asked = { symbol: 'A', interval: '1d' } as const;
    const bars = pair.client.bars({ ...asked, onFingerprint: (one) => told.push(one) });
    expect(await bars.toArray()).toHaveLength(3);
    const value = closing(requests[0] ?? create(queryV1.GetBarsRequestSchema)).fingerprint?.value ?? '';
    expect(told).toEqual([{ value, asOfNs: 9n, rows: 3 }]);
    expect(await pair.client.verifyFingerprint(asked, value)).toEqual({ matches: true, found: told[0] });
    const another = { ...asked, source: 's' };
    expect(await pair.client.verifyFingerprint(another, value)).toMatchObject({ matches: false });
    expect(requests.map(({ fingerprint, atFingerprint }) => [fingerprint, atFingerprint])).toEqual([
      [true, ''],
      [false, value],
      [false, value],
    ]);
  });

  it('are refused where what arrived is not what the fingerprint is of, or there is none', async () => {
    let last: (request: queryV1.GetBarsRequest) => queryV1.GetBarsResponse[] = () => [];
    await using pair = await scripted({
      async *getBars(request) {
        await Promise.resolve();
        yield* answers();
        yield* last(request);
      },
    });
    const read = () =>
      pair.client.bars({ symbol: 'A', interval: '1d', onFingerprint: () => undefined }).toArray();
    await expect(read()).rejects.toThrow('the answer ended without a fingerprint');
    last = (request) => [closing(request, [barsAnswer([1n, 2n], [10, 21]), barsAnswer([3n], [30])])];
    await expect(read()).rejects.toThrow('the 3 bars that arrived are not those of the server');
  });
});

describe('the other series', () => {
  it('make rows of their columns', async () => {
    await using pair = await scripted({
      async *getTicks() {
        await Promise.resolve();
        const trades = create(events.TradeColumnsSchema, { timeNs: [5n], price: [1.5], venue: ['X'] });
        yield create(queryV1.GetTicksResponseSchema, { source: 's', trades });
      },
      async *getQuotes() {
        await Promise.resolve();
        const quotes = create(events.QuoteColumnsSchema, { timeNs: [6n], bidPrice: [NAN], askPrice: [2] });
        yield create(queryV1.GetQuotesResponseSchema, { source: 's', quotes });
      },
      async *getIndicators() {
        await Promise.resolve();
        yield create(queryV1.GetIndicatorsResponseSchema, {
          source: 's',
          specId: 'bbands(2,2,close)',
          mode: queryV1.IndicatorMode.STORED,
          startNs: [7n, 8n],
          warm: [false, true],
          outputs: [
            { name: 'upper', value: [NAN, 3] },
            { name: 'lower', value: [NAN, 1] },
          ],
        });
      },
    });
    const { client } = pair;
    expect(await client.ticks({ symbol: 'A' }).toArray()).toEqual([
      { timeNs: 5n, seq: 0n, price: 1.5, size: NAN, conditions: undefined, venue: 'X' },
    ]);
    expect(await client.quotes({ symbol: 'A' }).toArray()).toMatchObject([
      { timeNs: 6n, bidPrice: NAN, askPrice: 2 },
    ]);
    const specId = 'bbands(2,2,close)';
    expect(await client.indicators({ symbol: 'A', interval: '1d', specId }).toArray()).toEqual([
      { specId, startNs: 7n, warm: false, values: { upper: NAN, lower: NAN } },
      { specId, startNs: 8n, warm: true, values: { upper: 3, lower: 1 } },
    ]);
  });
});

describe('indicators side by side', () => {
  const { COMPUTED, STORED } = queryV1.IndicatorMode;
  const answer = (
    specId: string,
    startNs: bigint[],
    outputs: { name: string; value: number[] }[],
    batch: bigint,
    mode = COMPUTED,
  ): queryV1.GetIndicatorsResponse =>
    create(queryV1.GetIndicatorsResponseSchema, {
      ...{ source: 's', specId, startNs, warm: startNs.map(() => true), outputs, batch, mode },
    });

  it('have a row per bar and are named as they were asked for', async () => {
    const asked: queryV1.GetIndicatorsRequest[] = [];
    await using pair = await scripted({
      async *getIndicators(request) {
        asked.push(request);
        await Promise.resolve();
        const macd = (at: number): { name: string; value: number[] }[] => [
          { name: 'macd', value: [at, at + 1] },
          { name: 'signal', value: [NAN, at] },
        ];
        yield answer('rsi(14,close)', [1n, 2n], [{ name: 'rsi', value: [NAN, 50] }], 1n);
        yield answer('macd(12,26,9,close)', [1n, 2n], macd(10), 1n);
        yield answer('rsi(14,close)', [3n, 5n], [{ name: 'rsi', value: [60, 70] }], 2n);
        yield answer('macd(12,26,9,close)', [4n, 5n], macd(20), 2n);
      },
    });
    const specs = 'RSI(14), MACD(12,26,9)';
    const options = { symbol: 'A', interval: '1d', specs, mode: 'computed', adjustment: 'all' } as const;
    const [first, second, ...rest] = await pair.client.indicatorTable(options).toArray();
    expect(first).toEqual({
      startNs: 1n,
      source: 's',
      values: { 'RSI(14)': NAN, 'MACD(12,26,9).macd': 10, 'MACD(12,26,9).signal': NAN },
    });
    expect(second?.values).toEqual({ 'RSI(14)': 50, 'MACD(12,26,9).macd': 11, 'MACD(12,26,9).signal': 10 });
    // Bars that only one of them has are rows, too.
    expect(
      rest.map(({ startNs, values }) => [startNs, values['RSI(14)'], values['MACD(12,26,9).macd']]),
    ).toEqual([
      [3n, 60, NAN],
      [4n, NAN, 20],
      [5n, 70, 21],
    ]);
    expect(asked).toMatchObject([
      { specs: ['RSI(14)', 'MACD(12,26,9)'], specId: '', mode: COMPUTED, adjustment: events.PriceBasis.ALL },
    ]);
  });

  it('tell whether they were stored, and what they begin with', async () => {
    await using pair = await scripted({
      async *getIndicators() {
        await Promise.resolve();
        for (const start of [1n, 2n])
          yield answer('sma(2,close)', [start], [{ name: 'sma', value: [Number(start)] }], 0n, STORED);
      },
    });
    const chunks = [];
    const table = pair.client.indicatorTable({ symbol: 'A', interval: '1d', specs: 'sma(2)' });
    for await (const chunk of table) chunks.push(chunk);
    expect(chunks).toMatchObject([
      { mode: 'stored', anchorNs: 0n, startNs: [1n], columns: [{ name: 'sma(2)', values: [1] }] },
      { startNs: [2n], columns: [{ name: 'sma(2)', values: [2] }] },
    ]);
  });
});

describe('single answers', () => {
  it('are asked for again after a passing failure', async () => {
    let calls = 0;
    await using pair = await scripted({
      listInstruments: (request) => {
        calls += 1;
        if (calls === 1) return Promise.reject(lost());
        const series = [
          { symbol: request.symbolPrefix, source: 's', kind: 'bars', interval: '1d', rows: 2n, lastNs: 9n },
        ];
        return Promise.resolve(create(queryV1.ListInstrumentsResponseSchema, { series, truncated: true }));
      },
    });
    expect(await pair.client.instruments({ prefix: 'AAP' })).toEqual({
      truncated: true,
      instruments: [
        {
          symbol: 'AAP',
          source: 's',
          kind: 'bars',
          interval: '1d',
          rows: 2n,
          firstNs: 0n,
          lastNs: 9n,
          specId: '',
          priceType: 'trade',
          instrumentType: '',
          name: '',
          exchange: '',
          currency: '',
        },
      ],
    });
  });

  it('tell of the newest events by kind', async () => {
    const entries: queryV1.LatestEntry['event'][] = [
      { case: 'trade', value: create(events.TradeColumnsSchema, { timeNs: [1n], price: [2] }) },
      { case: 'quote', value: create(events.QuoteColumnsSchema, { timeNs: [3n], bidPrice: [4] }) },
      {
        case: 'bar',
        value: create(queryV1.LatestBarSchema, { interval: '5m', bar: { startNs: [5n], close: [6] } }),
      },
      { case: undefined },
    ];
    const answer = create(queryV1.GetLatestResponseSchema, {
      entries: entries.map((event) => create(queryV1.LatestEntrySchema, { symbol: 'A', source: 's', event })),
    });
    await using pair = await scripted({ getLatest: () => Promise.resolve(answer) });
    expect(await pair.client.latest({ symbols: ['A'] })).toMatchObject([
      { kind: 'trade', symbol: 'A', trade: { timeNs: 1n, price: 2 } },
      { kind: 'quote', quote: { timeNs: 3n, bidPrice: 4 } },
      { kind: 'bar', interval: '5m', bar: { startNs: 5n, close: 6 } },
    ]);
  });

  it('fail at once, with the code and the words of the server, when trying again is no use', async () => {
    let calls = 0;
    await using pair = await scripted({
      getLatest: () => {
        calls += 1;
        return Promise.reject(new TickwellError('invalid-argument', 'symbols is empty'));
      },
    });
    await expect(pair.client.latest({ symbols: [] })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'GetLatest: symbols is empty',
    });
    expect(calls).toBe(1);
  });
});
