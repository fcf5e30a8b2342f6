import { parseIsoTime } from '@tickwell/domain';
import { SILENT } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import {
  actions,
  bars,
  chart,
  FakeClock,
  history,
  items,
  json,
  network,
  opened,
  refusals,
} from './fixtures/network.ts';
import { readYahooJob } from './jobs.ts';

function ns(iso: string): bigint {
  const parsed = parseIsoTime(iso);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function seconds(iso: string): number {
  return Number(ns(iso) / 1_000_000_000n);
}

/** Two sessions of New York, the second after the change to standard time. */
const ROWS = [
  [seconds('2020-10-30T13:30:00Z'), 1, 4, 0.5, 2, 100],
  [seconds('2020-11-02T14:30:00Z'), 2, 5, 1.5, 3, null],
];
const EVENTS = {
  dividends: { a: { amount: 0.205, date: seconds('2020-11-06T14:30:00Z') } },
  splits: { b: { date: seconds('2020-08-31T13:30:00Z'), numerator: 4, denominator: 1, splitRatio: '4:1' } },
};

describe('openYahooHistory', () => {
  it('makes daily bars at midnight UTC of their session, with actions after them', async () => {
    const { fetch, urls } = network(json(chart(ROWS, { events: EVENTS })));
    const source = await opened(fetch, { symbol: 'AAPL', ticker: 'AAPL' });
    const all = await items(source);
    expect(bars(all)).toMatchObject([
      {
        symbol: 'AAPL',
        interval: '1d',
        priceBasis: 'split-adjusted',
        bars: {
          startNs: [ns('2020-10-30'), ns('2020-11-02')],
          close: [2, 3],
          volume: [100, NaN],
          sessionDate: [20_201_030, 20_201_102],
        },
        positions: [1n, 2n],
      },
    ]);
    expect(actions(all)).toEqual([
      {
        kind: 'split',
        exDateNs: ns('2020-08-31'),
        amount: 0,
        currency: '',
        splitNumerator: 4,
        splitDenominator: 1,
        position: 3n,
      },
      {
        kind: 'dividend',
        exDateNs: ns('2020-11-06'),
        amount: 0.205,
        currency: 'USD',
        splitNumerator: 0,
        splitDenominator: 0,
        position: 4n,
      },
    ]);
    expect(all.at(-1)).toEqual({ kind: 'progress', position: 4n });
    expect(urls[0]).toContain('/v8/finance/chart/AAPL?');
    expect(source.totalPositions).toBe(4);
  });

  it('refuses rows without prices, and keeps the others', async () => {
    const { fetch } = network(
      json(chart([...ROWS, [seconds('2020-11-03T14:30:00Z'), null, null, null, null, null]])),
    );
    const all = await items(await opened(fetch));
    expect(bars(all)[0]?.positions).toEqual([1n, 2n]);
    expect(refusals(all)).toMatchObject([
      {
        rule: 'null-row',
        position: 3n,
        symbol: 'X',
        reason: expect.stringContaining('row 3 at 2020-11-03T00:00:00Z has no prices') as string,
      },
    ]);
  });

  it('leaves out the bar that is still forming', async () => {
    const clock = new FakeClock();
    clock.ms = seconds('2020-11-02T20:00:00Z') * 1000;
    const { fetch } = network(json(chart(ROWS)));
    expect(bars(await items(await opened(fetch, { clock, endNs: clock.nowNs() })))[0]?.positions).toEqual([
      1n,
    ]);
    clock.ms = seconds('2020-11-03T05:00:00Z') * 1000;
    expect(bars(await items(await opened(fetch, { clock, endNs: clock.nowNs() })))[0]?.positions).toEqual([
      1n,
      2n,
    ]);
  });

  it('asks for minutes week by week', async () => {
    const start = seconds('2020-11-02T14:30:00Z');
    const page = (url: string): Response => {
      const from = Number(new URL(url).searchParams.get('period1'));
      const to = Number(new URL(url).searchParams.get('period2'));
      return json(chart([from, to].map((at) => [at, 1, 1, 1, 1, 1])));
    };
    const { fetch, urls } = network(page);
    const day = 86_400_000_000_000n;
    const source = await opened(fetch, {
      interval: '1m',
      startNs: BigInt(start) * 1_000_000_000n,
      endNs: BigInt(start) * 1_000_000_000n + 15n * day,
    });
    expect(bars(await items(source))[0]?.bars.startNs).toEqual(
      [0n, 7n, 14n].map((days) => BigInt(start) * 1_000_000_000n + days * day),
    );
    expect(urls.map((url) => new URL(url).searchParams.get('interval'))).toEqual(['1m', '1m', '1m']);
  });

  it('is the same stream for the same answer, another for another', async () => {
    const same = [
      await opened(network(json(chart(ROWS))).fetch),
      await opened(network(json(chart(ROWS))).fetch),
    ];
    expect(same[0]?.streamId).toBe(same[1]?.streamId);
    expect((await opened(network(json(chart(ROWS.slice(1)))).fetch)).streamId).not.toBe(same[0]?.streamId);
  });

  it('resumes after any position with the same items', async () => {
    const { fetch } = network(
      json(chart([...ROWS, [seconds('2020-11-03T14:30:00Z'), null, 1, 1, 1, 1]], { events: EVENTS })),
    );
    const source = await opened(fetch);
    const positions = (all: Awaited<ReturnType<typeof items>>): bigint[] =>
      all.flatMap((item) =>
        item.kind === 'progress' ? [] : item.kind === 'refused' ? [item.position] : item.positions,
      );
    for (let after = 0n; after <= 5n; after++) {
      expect(positions(await items(source, after))).toEqual(
        [1n, 2n, 3n, 4n, 5n].filter((position) => position > after),
      );
    }
  });

  it.each([
    [
      json(
        {
          chart: {
            result: null,
            error: { code: 'Not Found', description: 'No data found, symbol may be delisted' },
          },
        },
        404,
      ),
      'yahoo-no-data',
    ],
    [json({ chart: { result: null, error: null } }), 'yahoo-answer'],
    [json({ chart: { result: [{ meta: {}, indicators: { quote: [{}] } }], error: null } }), 'yahoo-answer'],
    [new Response('<html>', { status: 200 }), 'yahoo-answer'],
    [json(chart([[1, 2]], { zone: 'Mars/Olympus' })), 'yahoo-answer'],
  ])('%# answers an error with a code', async (answer, code) => {
    expect(await history(network(answer).fetch)).toMatchObject({
      ok: false,
      error: { code, retryable: false },
    });
  });

  it('asks again as a new visitor when the session is refused, once', async () => {
    const refused = json(
      { finance: { result: null, error: { code: 'Unauthorized', description: 'Invalid Cookie' } } },
      401,
    );
    const { fetch, urls } = network(refused, json(chart(ROWS)));
    expect((await history(fetch)).ok).toBe(true);
    expect(urls).toHaveLength(2);
    expect(await history(network(refused).fetch)).toMatchObject({
      ok: false,
      error: { code: 'yahoo-unauthorized' },
    });
  });

  it('lets nothing into an address that is no ticker', async () => {
    const { fetch, urls } = network(json(chart(ROWS)));
    expect(await history(fetch, { ticker: '../../v1/test?x=' })).toMatchObject({
      ok: false,
      error: { code: 'yahoo-options' },
    });
    expect(await history(fetch, { startNs: 5n, endNs: 5n })).toMatchObject({
      ok: false,
      error: { code: 'yahoo-options' },
    });
    expect(urls).toEqual([]);
  });
});

describe('readYahooJob', () => {
  const context = { clock: new FakeClock() };

  it('makes a stream of each symbol', async () => {
    const { fetch, urls } = network(json(chart(ROWS)));
    const job = {
      type: 'yahoo',
      symbols: ['AAPL', { symbol: 'EURUSD', ticker: 'EURUSD=X' }],
      interval: '1d',
      from: '2020-01-01',
    };
    const jobs = readYahooJob(job, 'job', { ...context, fetch });
    if (!jobs.ok) throw new Error(jobs.error.join());
    for (const opener of jobs.value)
      expect(await opener.open(SILENT)).toMatchObject({ ok: true, value: { source: 'yahoo' } });
    expect(urls.map((url) => new URL(url).pathname)).toEqual([
      '/v8/finance/chart/AAPL',
      '/v8/finance/chart/EURUSD=X',
    ]);
  });

  it('names every problem', () => {
    const read = readYahooJob(
      { type: 'yahoo', symbols: [{ symbol: 'A' }], interval: '7m', from: 'soon', until: 1 },
      'jobs[0]',
      context,
    );
    expect(read.ok ? [] : read.error).toEqual([
      'jobs[0].interval must be one of 1m, 2m, 5m, 15m, 30m, 1h, 1d, 1w, 1mo',
      expect.stringContaining('jobs[0].from "soon" is not a time'),
      'symbols[0].ticker is required',
      expect.stringContaining('jobs[0].until is not known'),
    ]);
  });
});
