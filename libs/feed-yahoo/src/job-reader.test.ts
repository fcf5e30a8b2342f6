import { SILENT } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { YahooContext } from './context.ts';
import { chart, FakeClock, items, json, network } from './fixtures/network.ts';
import { readYahooJob } from './job-reader.ts';

const context = new YahooContext({ clock: new FakeClock() });

function problems(job: unknown, of = context): readonly string[] {
  const read = readYahooJob(job, 'jobs[0]', of);
  return read.ok ? [] : read.error;
}

describe('readYahooJob', () => {
  it('makes bars and corporate actions of each symbol, from one request', async () => {
    const { fetch, urls } = network(json(chart([[1_577_975_400, 1, 1, 1, 1, 1]])));
    const job = {
      type: 'yahoo',
      symbols: ['AAPL', { symbol: 'EURUSD', ticker: 'EURUSD=X' }, 'AAPL'],
      from: '2020-01-01',
    };
    const jobs = readYahooJob(job, 'job', new YahooContext({ clock: new FakeClock(), fetch }));
    if (!jobs.ok) throw new Error(jobs.error.join());
    expect(jobs.value.map(({ name }) => name)).toEqual([
      'Yahoo AAPL 1d',
      'Yahoo AAPL dividends and splits',
      'Yahoo EURUSD=X 1d',
      'Yahoo EURUSD=X dividends and splits',
    ]);
    for (const each of jobs.value) {
      const source = await each.open(SILENT);
      if (!source.ok) throw source.error;
      expect(source.value.source).toBe('yahoo');
      await items(source.value);
    }
    expect(urls.map((url) => new URL(url).pathname)).toEqual([
      '/v8/finance/chart/AAPL',
      '/v8/finance/chart/EURUSD=X',
    ]);
  });

  it('is the same stream whatever the end, and another for another start', () => {
    const idOf = async (more: object): Promise<string> => {
      const jobs = readYahooJob({ type: 'yahoo', symbols: ['X'], interval: '5m', ...more }, 'job', context);
      const [job] = jobs.ok ? jobs.value : [];
      const source = await job?.open(SILENT);
      return source?.ok === true ? source.value.streamId : '';
    };
    return expect(
      Promise.all(
        [{ from: '2025-12-01' }, { from: '2025-12-01', to: '2025-12-20' }, { from: '2025-12-02' }].map(idOf),
      ),
    ).resolves.toEqual([
      'yahoo:X:X:5m:raw:1764547200',
      'yahoo:X:X:5m:raw:1764547200',
      'yahoo:X:X:5m:raw:1764633600',
    ]);
  });

  it('names every problem', () => {
    const job = {
      type: 'yahoo',
      symbols: [{ symbol: 'A' }, '../x', 'B', { symbol: 'B', ticker: 'C' }],
      interval: '5d',
      from: 'soon',
      until: 1,
      baseUrl: 'ftp://x',
      requestsPerSecond: 0,
    };
    expect(problems(job)).toEqual([
      expect.stringContaining('jobs[0].baseUrl "ftp://x" is not an address') as string,
      'jobs[0].requestsPerSecond must be 0.001 to 1000',
      'symbols[0].ticker is required',
      expect.stringMatching(/jobs\[0\].symbols\[1\] "\.\.\/x" is not an instrument id/) as string,
      expect.stringMatching(/jobs\[0\].symbols\[1\] "\.\.\/x" is not a ticker/) as string,
      'jobs[0].symbols[3] B is B already and cannot be C, too',
      expect.stringMatching(/jobs\[0\].interval must be one of 1m, .*: bars of 5d are not stored/) as string,
      expect.stringContaining('jobs[0].from "soon" is not a time') as string,
      expect.stringContaining('jobs[0].until is not known') as string,
    ]);
    expect(problems({ type: 'yahoo', symbols: ['A'], from: '2030-01-01' })).toEqual([
      'jobs[0].from lies ahead',
    ]);
    expect(problems({ type: 'yahoo', feed: 'quotes', symbols: ['A'], series: ['bars'] })).toEqual([
      'jobs[0].series must be a list of some of quotes, trades',
    ]);
    expect(problems({ type: 'yahoo', feed: 'news', symbols: [] })).toHaveLength(3);
  });

  it.each([
    { feed: 'quotes', series: ['trades'], everySeconds: 5, baseUrl: 'http://127.0.0.1:1/yahoo' },
    { feed: 'fundamentals', requestsPerHour: 100, userAgent: 'me' },
    { feed: 'actions', from: '2020-01-01', timeoutSeconds: 5 },
    { feed: 'history', from: '2020-01-01', interval: '60m', priceBasis: 'split-adjusted' },
  ])('understands %o', (job) => {
    expect(problems({ type: 'yahoo', symbols: ['AAPL'], ...job })).toEqual([]);
  });
});
