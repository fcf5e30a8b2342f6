import { describe, expect, it } from 'vitest';
import { yahooImport } from './ingest-yahoo.ts';

const FLAGS = { instance: 'default', waitDeadline: 600 };
const FROM = BigInt(Date.UTC(2020, 0, 1)) * 1_000_000n;

describe('yahooImport', () => {
  it('makes the job of what was asked for, and nothing that was not', () => {
    expect(
      yahooImport(['AAPL', 'EURUSD:EURUSD=X'], { ...FLAGS, from: FROM, url: 'http://127.0.0.1:1' }),
    ).toEqual({
      jobs: [
        {
          type: 'yahoo',
          feed: 'history',
          symbols: ['AAPL', { symbol: 'EURUSD', ticker: 'EURUSD=X' }],
          baseUrl: 'http://127.0.0.1:1',
          from: '2020-01-01T00:00:00Z',
        },
      ],
      sources: ['yahoo'],
      variables: { TICKWELL_INGEST_PARALLEL_JOBS: '8' },
    });
    expect(yahooImport(['A'], { ...FLAGS, quotes: true, every: 5, for: 60 })).toEqual({
      jobs: [{ type: 'yahoo', feed: 'quotes', symbols: ['A'], everySeconds: 5 }],
      sources: ['yahoo:live'],
      untilMs: 60_000,
    });
    expect(yahooImport(['A'], { ...FLAGS, fundamentals: true }).jobs).toEqual([
      { type: 'yahoo', feed: 'fundamentals', symbols: ['A'] },
    ]);
    expect(yahooImport(['A'], { ...FLAGS, actions: true, from: FROM }).jobs).toEqual([
      { type: 'yahoo', feed: 'actions', symbols: ['A'], from: '2020-01-01T00:00:00Z' },
    ]);
  });

  it('passes a flag that does not fit on, for the service to refuse by name', () => {
    const { jobs } = yahooImport(['A'], { ...FLAGS, quotes: true, interval: '1m' });
    expect(jobs).toEqual([{ type: 'yahoo', feed: 'quotes', symbols: ['A'], interval: '1m' }]);
  });

  it.each([
    [[], { from: FROM }, 'name at least one ticker'],
    [['A'], {}, 'say since when'],
    [['A'], { quotes: true, actions: true }, 'choose one of'],
  ] as const)('%# is refused in one line', (symbols, flags, message) => {
    expect(() => yahooImport(symbols, { ...FLAGS, ...flags })).toThrow(message);
  });
});
