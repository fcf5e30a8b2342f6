import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chunks, events, ns, runJob, testHost, type Outcome } from './fixtures/testing.ts';
import { startVendorServer, vendors, type VendorServer } from './fixtures/vendor-server.ts';

let server: VendorServer;
beforeAll(async () => {
  server = await startVendorServer(vendors);
});
afterAll(() => server.close());

const KEYS = { TIINGO_API_KEY: 'right-key', STOOQ_API_KEY: 'right-key' };
const WEEK = { from: '2024-02-05', to: '2024-02-12' };

async function run(
  job: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = KEYS,
): Promise<readonly Outcome[]> {
  return runJob(testHost({ network: server.network, env }).host, { ...WEEK, ...job });
}

describe('tiingo', () => {
  it('delivers daily bars as they were traded, with the session date', async () => {
    const [outcome] = await run({ definition: 'tiingo', symbols: ['AAPL'] });
    expect(outcome?.error).toBeUndefined();
    expect(outcome?.source).toMatchObject({ source: 'tiingo' });
    expect(chunks(outcome)).toMatchObject([
      {
        kind: 'bars',
        symbol: 'AAPL',
        interval: '1d',
        priceBasis: 'raw',
        priceType: 'trade',
        bars: {
          sessionDate: [20240205, 20240206, 20240207, 20240208, 20240209],
          volume: Array(5).fill(1_000_000),
        },
      },
    ]);
  });

  it('asks for its resampled bars by their name and for the last day wanted', async () => {
    await run({ definition: 'tiingo', symbols: ['AAPL'], interval: '1w' });
    const query = server.asked.at(-1)?.query;
    expect([query?.get('startDate'), query?.get('endDate'), query?.get('resampleFreq')]).toEqual([
      '2024-02-05',
      '2024-02-11',
      'weekly',
    ]);
  });

  it('delivers dividends and splits as corporate actions', async () => {
    const [outcome] = await run({
      definition: 'tiingo',
      symbols: ['AAPL'],
      kinds: ['actions'],
      from: '2024-01-01',
      to: '2025-01-01',
    });
    expect(chunks(outcome)).toMatchObject([
      {
        kind: 'actions',
        actions: [
          { kind: 'dividend', exDateNs: ns('2024-02-09'), amount: 0.24, currency: 'USD' },
          { kind: 'split', exDateNs: ns('2024-06-10'), splitNumerator: 2, splitDenominator: 1 },
        ],
      },
    ]);
  });

  it('has adjusted prices as a source of their own', async () => {
    const [outcome] = await run({ definition: 'tiingo-adjusted', symbols: ['AAPL'] });
    const [chunk] = chunks(outcome);
    expect(outcome?.source?.source).toBe('tiingo-adjusted');
    expect(chunk).toMatchObject({ priceBasis: 'all', bars: { volume: Array(5).fill(2_000_000) } });
  });

  it('has intraday bars of IEX in UTC, some days a request', async () => {
    const [outcome] = await run({
      definition: 'tiingo-iex',
      symbols: ['AAPL'],
      interval: '5m',
      to: '2024-02-17',
    });
    expect(events(outcome)).toBe(20);
    const [chunk] = chunks(outcome);
    expect(chunk?.kind === 'bars' ? chunk.bars.startNs[0] : undefined).toBe(ns('2024-02-05T14:30:00Z'));
  });

  it('says a wrong key in one line, without the key', async () => {
    const [outcome] = await run({ definition: 'tiingo', symbols: ['AAPL'] }, { TIINGO_API_KEY: 'wrong-key' });
    expect(outcome?.error).toEqual({
      code: 'provider-unauthorized',
      message:
        'tiingo AAPL bars 1d: api.tiingo.com answers 401: {"detail":"Invalid token."}; check the key and what it covers',
      retryable: false,
    });
  });

  it('says which variable holds no key', async () => {
    const [outcome] = await run({ definition: 'tiingo', symbols: ['AAPL'] }, {});
    expect(outcome?.error?.message).toContain(
      'set the environment variable TIINGO_API_KEY, or TIINGO_API_KEY_FILE',
    );
  });

  it('says an unknown ticker, and others go on', async () => {
    const [unknown, known] = await run({ definition: 'tiingo', symbols: ['NOSUCH', 'AAPL'] });
    expect(unknown?.error).toMatchObject({ code: 'provider-unknown-symbol' });
    expect(unknown?.error?.message).toMatch(/^tiingo NOSUCH bars 1d: api.tiingo.com answers: .*Not found/);
    expect(events(known)).toBe(5);
  });
});

describe('stooq', () => {
  it('delivers daily bars', async () => {
    const [outcome] = await run({ definition: 'stooq', symbols: [{ symbol: 'AAPL', vendor: 'aapl.us' }] });
    expect(outcome?.error).toBeUndefined();
    expect(chunks(outcome)).toMatchObject([{ symbol: 'AAPL', interval: '1d', priceBasis: 'split-adjusted' }]);
    expect(events(outcome)).toBe(5);
    const query = server.asked.at(-1)?.query;
    expect([query?.get('d1'), query?.get('d2'), query?.get('i')]).toEqual(['20240205', '20240211', 'd']);
  });

  it('takes "Exceeded the daily hits limit" for what it is, and asks no more', async () => {
    const before = server.asked.length;
    const outcomes = await run(
      { definition: 'stooq', symbols: ['a.us', 'b.us', 'c.us'] },
      { STOOQ_API_KEY: 'used-up' },
    );
    expect(outcomes.map(({ error }) => [error?.code, error?.retryable])).toEqual(
      Array(3).fill(['provider-quota', true]),
    );
    expect(outcomes[2]?.error?.message).toContain(
      'stooq c.us bars 1d: stooq.com answers: Exceeded the daily hits limit',
    );
    expect(server.asked.length - before).toBe(1);
  });

  it('says that an instrument has nothing, and is no failure', async () => {
    const { host, reports } = testHost({ network: server.network, env: KEYS });
    const [outcome] = await runJob(host, { definition: 'stooq', symbols: ['NOSUCH'], ...WEEK });
    expect(outcome?.error).toBeUndefined();
    expect(reports).toMatchObject([{ kind: 'refused', symbol: 'NOSUCH', series: 'bars 1d' }]);
  });

  it('knows the page that asks for a key', async () => {
    const [outcome] = await run({ definition: 'stooq', symbols: ['aapl.us'] }, { STOOQ_API_KEY: ' ' });
    expect(outcome?.error?.code).toBe('provider-unauthorized');
  });
});

describe('ecb', () => {
  it('delivers a fixing as a bar of the price type mid, without volume', async () => {
    const [outcome] = await run({ definition: 'ecb', symbols: [{ symbol: 'EURUSD', vendor: 'USD' }] }, {});
    const [chunk] = chunks(outcome);
    expect(chunk).toMatchObject({ symbol: 'EURUSD', priceType: 'mid', bars: { volume: [] } });
    if (chunk?.kind !== 'bars') throw new Error('no bars');
    expect(chunk.bars.open).toEqual(chunk.bars.close);
    expect(chunk.bars.high).toEqual(chunk.bars.low);
    expect(chunk.bars.startNs[0]).toBe(ns('2024-02-05'));
  });

  it('takes its 404 for "nothing in this span"', async () => {
    const { host, reports } = testHost({ network: server.network });
    const symbols = [{ symbol: 'EURUSD', vendor: 'USD' }];
    const [outcome] = await runJob(host, {
      definition: 'ecb',
      symbols,
      from: '2024-02-10',
      to: '2024-02-12',
    });
    expect(outcome?.error).toBeUndefined();
    expect(reports).toHaveLength(1);
  });

  it('says how it writes symbols', async () => {
    const [outcome] = await run({ definition: 'ecb', symbols: ['EURUSD'] });
    expect(outcome?.error?.message).toContain(
      '"EURUSD" is no symbol of the provider; it writes them like "USD"',
    );
  });
});
