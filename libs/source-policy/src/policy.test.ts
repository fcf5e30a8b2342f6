import { describe, expect, it } from 'vitest';
import { asksSince, fillTemplate } from './job-template.ts';
import { parsePolicy } from './policy.ts';
import { isInSession } from './session.ts';

const POLICY = {
  type: 'policy',
  instruments: ['AAPL', 'MSFT'],
  series: { kind: 'bars', interval: '1m' },
  sources: [
    { source: 'ib', job: { type: 'ib', feed: 'live', instruments: ['AAPL', { symbol: 'MSFT', conId: 1 }] } },
    { source: 'yahoo', job: { type: 'yahoo', symbols: '{instruments}', from: '{since}' }, everySeconds: 60 },
  ],
};

function problems(change: object): readonly string[] {
  const parsed = parsePolicy('p', { ...POLICY, ...change });
  return parsed.ok ? [] : parsed.error;
}

describe('parsePolicy', () => {
  it('fills in what is left out', () => {
    expect(parsePolicy('p', POLICY)).toMatchObject({
      ok: true,
      value: {
        id: 'p',
        afterFailures: 3,
        afterStaleSeconds: 60,
        afterHealthySeconds: 60,
        best: ['ib', 'yahoo'],
      },
    });
  });

  it('names every mistake by its field', () => {
    expect(
      problems({
        instruments: ['AAPL', 'AAPL', 7],
        series: { kind: 'bars' },
        sources: [
          { source: 'ib', job: { type: 'policy' } },
          { source: 'ib', job: { type: 'ib', instruments: [] }, everySeconds: 0 },
        ],
        fallback: { afterFailures: 1.5, afterStaleSeconds: 0, later: 1 },
        return: { afterHealthySeconds: 'x' },
        session: { timeZone: 'Mars', from: '9', to: '16:00', days: ['monday'] },
        best: ['best'],
        colour: 'red',
      }),
    ).toEqual([
      'policy.instruments[1] AAPL is named twice',
      expect.stringMatching(/^policy.instruments\[2\] /) as string,
      'policy.sources[1].source ib is named twice',
      expect.stringMatching(/^policy.best must be/) as string,
      expect.stringMatching(/^policy.colour is not known/) as string,
      expect.stringMatching(/^policy.sources\[0\].job.type must be/) as string,
      'policy.sources[1].everySeconds must be 0.1 to 31622400',
      expect.stringMatching(/^policy.sources\[1\].job does not name AAPL/) as string,
      'policy.series.interval is required of bars',
      'policy.fallback.afterStaleSeconds must be 1 to 31622400',
      'policy.fallback.afterFailures must be a whole number',
      expect.stringMatching(/^policy.fallback.later is not known/) as string,
      'policy.return.afterHealthySeconds must be a number',
      expect.stringMatching(/^policy.session.timeZone /) as string,
      expect.stringMatching(/^policy.session.from "9" is not/) as string,
      expect.stringMatching(/^policy.session.days must be/) as string,
    ]);
  });

  it('reads how bars are reconciled, and names what is wrong with it', () => {
    const parsed = parsePolicy('p', { ...POLICY, reconcile: {} });
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        reconcile: {
          sources: ['ib', 'yahoo'],
          tick: 0,
          watchOnly: false,
          windowBars: 256,
          choose: { session: 'prefer', 'late-trade': 'most-volume', unexplained: 'majority' },
        },
      },
    });
    const own = { sources: ['x', 'y', 'z'], tick: 0.01, choose: { session: 'median' }, watchOnly: true };
    expect(parsePolicy('p', { ...POLICY, reconcile: own })).toMatchObject({
      ok: true,
      value: { reconcile: { ...own, choose: { session: 'median', rounding: 'prefer' } } },
    });
    expect(
      problems({
        series: { kind: 'trades' },
        reconcile: {
          sources: ['ib', 'best'],
          tick: -1,
          priceTolerance: 2,
          windowBars: 3,
          choose: { session: 'coin', equal: 'prefer' },
          watch: true,
        },
      }),
    ).toEqual([
      'policy.reconcile is of bars only, and policy.series.kind is trades',
      expect.stringMatching(/^policy.reconcile.choose.session must be one of prefer, newest/) as string,
      expect.stringMatching(/^policy.reconcile.choose.equal is not known/) as string,
      expect.stringMatching(/^policy.reconcile.sources cannot have best/) as string,
      'policy.reconcile.tick must be 0 to 1000000000',
      'policy.reconcile.priceTolerance must be 0 to 0.5',
      'policy.reconcile.windowBars must be a whole number from 16 to 4096',
      expect.stringMatching(/^policy.reconcile.watch is not known/) as string,
    ]);
    expect(problems({ reconcile: { sources: ['ib'] } })).toEqual([
      'policy.reconcile.sources must be a list of 2 to 8 names of sources, each once, the preferred first',
    ]);
  });

  it('takes ids, a rule, or both, and says what is wrong with them', () => {
    const rule = { ids: ['AAPL'], type: 'stock', currency: ['USD', 'EUR'] };
    const sources = [{ source: 'yahoo', job: { type: 'yahoo', symbols: '{instruments}' } }];
    const parsed = parsePolicy('p', { ...POLICY, instruments: rule, sources });
    expect(parsed.ok ? parsed.value.instruments : parsed.error).toEqual({
      ids: ['AAPL'],
      rule: { types: ['stock'], exchanges: [], currencies: ['USD', 'EUR'] },
    });
    expect(problems({ instruments: { type: 'share', exchange: [], venue: 'X' }, sources })).toEqual([
      'policy.instruments.exchange must be a text, or a list of 1 to 100 of at most 64 characters',
      expect.stringMatching(/^policy.instruments.type "share" is none of stock, etf, /) as string,
      'policy.instruments.venue is not known; known are ids, type, exchange, currency',
    ]);
    expect(problems({ instruments: {}, sources })).toEqual([
      'policy.instruments must name ids, or a type, exchange or currency of the instrument map',
    ]);
    expect(problems({ instruments: 'AAPL', sources })).toEqual([
      'policy.instruments must be a list of ids, or an object with ids, type, exchange or currency',
    ]);
    expect(problems({ instruments: rule, sources: [POLICY.sources[0]] })).toEqual([
      'policy.sources[0].job.instruments lists instruments, but those of this policy come by a rule: write "{instruments}", and what the source calls them into the instrument map',
    ]);
  });

  it.each([
    { apiKey: 'abcdefgh' },
    { auth: { password: 12345 } },
    { url: 'https://user:hunter2xx@host/x' },
    { headers: [{ Authorization: 'Bearer abcdefgh' }] },
    { url: 'https://host/x?apikey=abcdefgh1234' },
  ])('refuses a secret in %o and does not repeat it', (job) => {
    const found = problems({ sources: [{ source: 'x', job: { type: 'provider', ...job } }] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('write where it is instead: env:NAME or file:PATH');
    expect(found[0]).not.toMatch(/abcdefgh|hunter2|12345/);
  });

  it('takes references', () => {
    const job = {
      type: 'provider',
      apiKey: 'env:TIINGO_API_KEY',
      secret: 'file:/run/key',
      url: 'https://h/x?token={key_of_it}',
    };
    expect(problems({ sources: [{ source: 'x', job }] })).toEqual([]);
  });
});

describe('fillTemplate', () => {
  it('asks for the instruments concerned, from where something is missing', () => {
    const [ib, yahoo] = POLICY.sources.map(({ job }) =>
      fillTemplate(job, { symbols: ['MSFT'], sinceNs: 0n }),
    );
    expect(ib).toEqual({ type: 'ib', feed: 'live', instruments: [{ symbol: 'MSFT', conId: 1 }] });
    expect(yahoo).toEqual({ type: 'yahoo', symbols: ['MSFT'], from: '1970-01-01T00:00:00Z' });
    expect(POLICY.sources.map(({ job }) => asksSince(job))).toEqual([false, true]);
  });
});

describe('isInSession', () => {
  const parsed = parsePolicy('p', {
    ...POLICY,
    session: { timeZone: 'America/New_York', from: '09:30', to: '16:00' },
  });
  const night = parsePolicy('p', {
    ...POLICY,
    session: { timeZone: 'UTC', from: '22:00', to: '02:00', days: ['fri'] },
  });
  it.each([
    ['2025-10-06T13:29:59Z', false],
    ['2025-10-06T13:30:00Z', true],
    ['2025-12-08T14:29:00Z', false],
    ['2025-12-08T20:59:00Z', true],
    ['2025-10-05T15:00:00Z', false],
  ])('%s', (time, expected) => {
    expect(isInSession(parsed.ok ? parsed.value.session : undefined, Date.parse(time))).toBe(expected);
  });
  it.each([
    ['2024-07-03T16:59:59Z', true],
    ['2024-07-03T17:00:00Z', false],
    ['2024-07-04T15:00:00Z', false],
    ['2024-07-05T13:30:00Z', true],
    ['2031-01-04T15:00:00Z', true],
  ])('of a calendar with its early closes and days off: %s', (time, expected) => {
    const nyse = parsePolicy('p', { ...POLICY, session: { calendar: 'XNYS' } });
    expect(isInSession(nyse.ok ? nyse.value.session : undefined, Date.parse(time))).toBe(expected);
  });
  it('of a calendar that there is not, or with hours beside it, is refused', () => {
    const refused = (session: object): readonly string[] => {
      const parsed = parsePolicy('p', { ...POLICY, session });
      return parsed.ok ? [] : parsed.error;
    };
    expect(refused({ calendar: 'MOON' })).toEqual([
      expect.stringMatching(/^policy.session.calendar no calendar is called "MOON": there are XNYS/),
    ]);
    expect(refused({ calendar: 'XNYS', from: '09:30' })).toEqual([
      expect.stringMatching(/^policy.session.from /),
    ]);
  });
  it('may end on the next day', () => {
    const at = (time: string): boolean =>
      isInSession(night.ok ? night.value.session : undefined, Date.parse(time));
    expect([
      at('2025-10-03T23:00Z'),
      at('2025-10-04T01:59Z'),
      at('2025-10-04T02:00Z'),
      at('2025-10-04T23:00Z'),
    ]).toEqual([true, true, false, false]);
  });
});
