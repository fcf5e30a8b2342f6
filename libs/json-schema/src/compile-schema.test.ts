import { CONFIG_SCHEMAS } from '@tickwell/config';
import { describe, expect, it } from 'vitest';
import { compileSchema } from './index.ts';

type Kind = 'strategy' | 'portfolio' | 'job' | 'instrument' | 'retention' | 'source';

const GOOD: Readonly<Record<Kind, object>> = {
  strategy: {
    name: 'Momentum',
    enabled: true,
    owner: 'desk-1',
    labels: { team: 'equities' },
    symbols: ['AAPL', 'ES-202503', '^SPX'],
    benchmark: 'SPY',
    intervals: ['1d', '5m', '1mo', '100tick', '0.5volume'],
    source: 'best',
    adjustment: 'all',
    indicators: ['sma(20)', 'RSI(14)'],
    schedule: '@session-open+15m XNYS',
    timeZone: 'America/New_York',
    parameters: { anything: [1, { goes: null }] },
  },
  portfolio: {
    baseCurrency: 'USD',
    accounts: [{ source: 'ib', account: 'DU1234567' }],
    positions: [{ symbol: 'AAPL', quantity: -10.5, costPrice: 180, since: '2024-01-02' }],
    targets: { AAPL: 0.6, SPY: 0.4 },
    costs: { perShare: 0.005, minimum: 1 },
  },
  job: {
    filename: 'collect.py',
    cron: '0 9 * * 1-5',
    executionMethod: 'Centralized',
    operatingSystem: 'linux',
    library: 'market_data',
    symbol: 'AAPL',
    secrets: { API_KEY: 'env:VENDOR_KEY' },
    retries: { attempts: 3 },
  },
  instrument: {
    type: 'stock',
    listed: { from: '2012-05-18' },
    vendors: [{ source: 'ib', contract: { conId: 107113386 } }],
  },
  retention: { data: ['trades', 'quotes'], keep: '90d', sources: ['ib'] },
  source: {
    type: 'policy',
    instruments: ['AAPL'],
    series: { kind: 'bars', interval: '5s' },
    sources: [{ source: 'ib', job: { type: 'ib', feed: 'live' } }],
  },
};

const problemOf = (kind: Kind, document: unknown): string | undefined => {
  const schema = CONFIG_SCHEMAS[kind];
  if (schema === undefined) throw new Error(`${kind} has no schema`);
  return compileSchema(schema)(document);
};

describe('the schema of each kind', () => {
  it.each(Object.entries(GOOD))('takes a whole document of %s', (kind, document) => {
    const known = Object.keys(CONFIG_SCHEMAS).find((name): name is Kind => name === kind);
    expect(known).toBe(kind);
    expect(problemOf(known ?? 'job', document)).toBeUndefined();
  });

  it('takes any document of a source that is no policy', () => {
    expect(problemOf('source', { type: 'mine', whatever: 1 })).toBeUndefined();
  });

  it('leaves what is the own of a strategy alone, and does not ask for anything', () => {
    expect(problemOf('strategy', {})).toBeUndefined();
  });
});

describe('a document that does not pass is told where, what and what would be right', () => {
  it.each<[Kind, object, string]>([
    ['strategy', { symbls: ['AAPL'] }, '/symbls is not known (did you mean symbols?): known are name, '],
    ['strategy', { window: 20 }, '; what is your own goes into parameters'],
    ['strategy', { symbols: 'AAPL' }, '/symbols must be a list'],
    [
      'strategy',
      { symbols: ['AAPL', 'a b'] },
      '/symbols/1 must be an instrument id, for example AAPL, and "a b" is not',
    ],
    ['strategy', { symbols: ['A', 'B', 'A'] }, '/symbols holds one value twice, at 0 and 2: take one out'],
    ['strategy', { symbols: [] }, '/symbols must have at least 1; leave it out where there is none'],
    ['strategy', { enabled: 'yes' }, '/enabled must be true or false'],
    ['strategy', { adjustment: 'splits' }, '/adjustment must be one of raw, split, all'],
    ['strategy', { lookbackBars: -1 }, '/lookbackBars must be >= 0'],
    ['strategy', { name: '' }, '/name is empty: write something, or leave it out'],
    [
      'strategy',
      { labels: { 'a b': 'x' } },
      '/labels/a b has a name that is none: it must be the name of a label',
    ],
    [
      'portfolio',
      { baseCurency: 'USD' },
      '/baseCurrency is required, and baseCurency is not known: did you mean it?',
    ],
    ['portfolio', { baseCurrency: 'USD', accounts: [{ source: 'ib' }] }, '/accounts/0/account is required'],
    [
      'portfolio',
      { baseCurrency: 'USD', targets: { 'a b': 1 } },
      '/targets/a b has a name that is none: it must be an instrument id',
    ],
    [
      'job',
      { cron: '0 9 * *', filename: 'x.py' },
      '/cron must be five or six fields of cron, or the open or close',
    ],
    ['job', {}, 'the document must have one of filename, command'],
    [
      'job',
      { filename: 'x.py', command: ['x'] },
      'the document must have one of filename, command, not 2 of them',
    ],
    ['job', { command: ['x'], arguments: ['y'] }, '/filename is required beside arguments'],
    [
      'retention',
      { data: ['bars'], keep: '90 days' },
      '/keep must be days, weeks, months or years of event time, or forever, for example 90d, and "90 days" is not',
    ],
    ['retention', { data: ['bars'], keep: '1y', afterwards: 'archive' }, '/archive is required'],
    ['instrument', { type: 'share' }, '/type must be one of stock, etf'],
    ['source', { type: 'policy', instruments: ['A'], series: { kind: 'bars' } }, '/sources is required'],
    ['job', { 'a/b~c': 1, command: ['x'] }, '/a~1b~0c is not known'],
  ])('%s %j', (kind, document, expected) => {
    expect(problemOf(kind, document)).toContain(expected);
  });

  it('does not repeat a secret', () => {
    const problem = problemOf('job', { filename: 'x.py', secrets: { KEY: 'hunter2-hunter2' } });
    expect(problem).toMatch(
      /^\/secrets\/KEY must be where a secret is, never the secret itself, for example env:API_KEY/,
    );
    expect(problem).not.toContain('hunter2');
  });

  it('in one line of bounded length, whatever is wrong', () => {
    const name = `line\nbreak${'x'.repeat(10_000)}`;
    const problem = problemOf('strategy', { [name]: 1 });
    expect(problem?.split('\n')).toHaveLength(1);
    expect(problem?.length).toBeLessThan(500);
    const many = { symbols: Array.from({ length: 100_000 }, () => '!') };
    expect(problemOf('strategy', many)).toBe('/symbols has more than 20000 entries');
  });
});
