import { SILENT, type FeedItem } from '@tickwell/ports';
import { startYahooSim, type YahooSim, type YahooSimOptions } from '@tickwell/yahoo-sim';
import { systemClock } from './fixtures/system-clock.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { YahooContext } from './context.ts';
import { actions, bars, items } from './fixtures/network.ts';
import { readYahooJob } from './job-reader.ts';

let simulator: YahooSim | undefined;

afterEach(async () => {
  await simulator?.stop();
});

/** A simulated Yahoo, with retries that do not wait long. */
async function start(options: YahooSimOptions): Promise<YahooSim> {
  simulator = await startYahooSim(options);
  return simulator;
}

interface Outcome {
  readonly name: string;
  readonly all: readonly FeedItem[];
  readonly error: unknown;
}

/** Everything that the streams of a job deliver. */
async function run(of: YahooSim, asked: Readonly<Record<string, unknown>>): Promise<readonly Outcome[]> {
  const context = new YahooContext({ clock: systemClock(50), baseUrl: of.url });
  const jobs = readYahooJob({ type: 'yahoo', requestsPerSecond: 500, ...asked }, 'job', context);
  if (!jobs.ok) throw new Error(jobs.error.join());
  const outcomes: Outcome[] = [];
  for (const job of jobs.value) {
    const { name } = job;
    const source = await job.open(SILENT);
    if (!source.ok) throw source.error;
    const read = items(source.value).then(
      (all) => ({ name, all, error: undefined }),
      (error: unknown) => ({ name, all: [], error }),
    );
    outcomes.push(await read);
  }
  return outcomes;
}

const HISTORY = { symbols: ['SIM1', 'SIM10'], from: '2019-01-01', to: '2026-01-01' };

describe('against a simulated Yahoo', () => {
  it('reads bars, dividends and splits, as they were quoted and paid', async () => {
    const outcomes = await run(await start({}), HISTORY);
    const [one, , ten] = outcomes;
    expect(bars(one?.all ?? []).every(({ priceBasis }) => priceBasis === 'raw')).toBe(true);
    const closes = bars(ten?.all ?? []).flatMap((chunk) =>
      chunk.bars.startNs.map((startNs, at) => ({ startNs, close: chunk.bars.close[at] ?? 0 })),
    );
    const split = closes.findIndex(({ startNs }) => startNs === BigInt(Date.UTC(2020, 5, 15)) * 1_000_000n);
    const ratio = (closes[split - 1]?.close ?? 0) / (closes[split]?.close ?? 1);
    expect(ratio).toBeGreaterThan(1.7);
    expect(ratio).toBeLessThan(2.3);
    const paid = actions(outcomes[3]?.all ?? []);
    expect(paid.filter(({ kind }) => kind === 'split')).toMatchObject([
      { splitNumerator: 2, splitDenominator: 1 },
    ]);
    expect(new Set(paid.filter(({ kind }) => kind === 'dividend').map(({ amount }) => amount))).toEqual(
      new Set([0.5, 0.25]),
    );
  });

  it('has all of it although every third request fails', async () => {
    const calm = await run(await start({}), HISTORY);
    await simulator?.stop();
    const troubled = await start({ failRate: 0.33 });
    expect(await run(troubled, HISTORY)).toEqual(calm);
    expect(Object.keys(troubled.stats().faults).length).toBeGreaterThan(0);
  });

  it('reads all intraday intervals within what Yahoo keeps', async () => {
    const server = await start({ tickers: 1 });
    const from = new Date(Date.now() - 20 * 86_400_000).toISOString().slice(0, 10);
    for (const interval of ['1m', '2m', '5m', '15m', '30m', '1h', '90m', '1w', '1mo']) {
      const [outcome] = await run(server, {
        symbols: ['SIM1'],
        interval,
        from: interval === '1mo' ? '2020-01-01' : from,
      });
      expect([interval, outcome?.error]).toEqual([interval, undefined]);
      expect(bars(outcome?.all ?? []).flatMap(({ positions }) => positions).length, interval).toBeGreaterThan(
        0,
      );
    }
  });

  it('renews the crumb when it was taken back, once for all', async () => {
    const server = await start({ crumbUses: 2, tickers: 6 });
    const outcomes = await run(server, { feed: 'fundamentals', symbols: server.tickers });
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(outcomes).toHaveLength(12);
  });

  it.each([
    ['html', 'yahoo-answer', /is a page, not data/],
    ['truncated', 'yahoo-answer', /breaks off/],
    ['too-many', 'yahoo-rate-limited', /too many requests; ask later, or slower/],
    ['too-many-text', 'yahoo-rate-limited', /too many requests/],
    ['reset', 'yahoo-unreachable', /cannot be reached/],
    ['error-500', 'yahoo-unreachable', /answers 500/],
    ['error-200', 'yahoo-answer', /the data is not there at the moment/],
    ['unauthorized', 'yahoo-unauthorized', /refuses the session/],
  ] as const)(
    'says in one line what is wrong with %s, and reads the others',
    async (fault, code, message) => {
      const server = await start({ faults: [{ fault, ticker: 'SIM1' }] });
      const [sick, , well] = await run(server, { ...HISTORY, symbols: ['SIM1', 'SIM2'] });
      expect(sick?.error).toMatchObject({ code, message: expect.stringMatching(message) as string });
      expect(String(sick?.error)).toMatch(/Yahoo SIM1 1d: [^\n]*$/);
      expect(well?.all.length).toBeGreaterThan(0);
    },
  );

  it.each(['changed-types', 'null-prices'] as const)('refuses every row of %s', async (fault) => {
    const server = await start({ faults: [{ fault, ticker: 'SIM1' }] });
    const [outcome] = await run(server, { ...HISTORY, symbols: ['SIM1'] });
    const rules = new Set(outcome?.all.map((item) => (item.kind === 'refused' ? item.rule : item.kind)));
    expect(rules).toEqual(new Set(['null-row', 'progress']));
  });

  it('stops asking a Yahoo that refuses everything', async () => {
    const server = await start({ faults: [{ fault: 'unauthorized' }], tickers: 40 });
    const outcomes = await run(server, { ...HISTORY, symbols: server.tickers });
    expect(outcomes.every(({ error }) => error !== undefined)).toBe(true);
    expect(String(outcomes.at(-1)?.error)).toContain('not asked: the last 10 requests failed');
    // Ten requests of two attempts each.
    expect(server.stats().requests).toBe(20);
  });
});
