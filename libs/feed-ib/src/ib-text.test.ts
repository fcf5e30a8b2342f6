import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ibError, judgeIbError } from './ib-errors.ts';
import { formatIbUtc, parseIbTime, parseTradingHours, sessionAt } from './ib-time.ts';

const at = (iso: string): number => Date.parse(iso) / 1000;

describe('times of IB', () => {
  it('writes times that it reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        expect(parseIbTime(formatIbUtc(seconds))).toEqual({ ok: true, value: seconds });
      }),
    );
  });

  it('reads every form that is known', () => {
    const read = (text: string, zone?: string): unknown => {
      const parsed = parseIbTime(text, zone);
      return parsed.ok ? new Date(parsed.value * 1000).toISOString() : parsed.error;
    };
    expect(read('20240108')).toBe('2024-01-08T00:00:00.000Z');
    expect(read('1704724200')).toBe('2024-01-08T14:30:00.000Z');
    expect(read('20240108 09:30:00 US/Eastern')).toBe('2024-01-08T14:30:00.000Z');
    expect(read('20240108  09:30:00', 'America/New_York')).toBe('2024-01-08T14:30:00.000Z');
    expect(read('20240108-14:30:00')).toBe('2024-01-08T14:30:00.000Z');
    expect(read('20240231')).toContain('not a date');
    expect(read('yesterday')).toContain('not a time');
    expect(read('20240108 09:30:00 Mars/Base')).toContain('Mars/Base');
  });

  it('reads trading hours in both forms, over midnight and over a change of the clocks', () => {
    const news = parseTradingHours(
      '20240308:0400-20240308:2000;20240309:CLOSED;20240311:0400-20240311:2000',
      'US/Eastern',
    );
    const olds = parseTradingHours('20240308:0400-2000;20240309:CLOSED;20240311:0400-2000', 'US/Eastern');
    expect(news).toEqual(olds);
    expect(news).toEqual({
      ok: true,
      value: [
        { fromSeconds: at('2024-03-08T09:00:00Z'), toSeconds: at('2024-03-09T01:00:00Z') },
        { fromSeconds: at('2024-03-11T08:00:00Z'), toSeconds: at('2024-03-12T00:00:00Z') },
      ],
    });
    const future = parseTradingHours('20240108:1700-1600,1630-1700', 'US/Central');
    expect(future.ok && future.value.map(({ toSeconds }) => toSeconds)).toEqual(
      [at('2024-01-08T23:00:00Z'), at('2024-01-09T22:00:00Z')].toSorted((a, b) => a - b),
    );
    expect(parseTradingHours('nine to five', 'US/Eastern').ok).toBe(false);
    const sessions = news.ok ? news.value : [];
    expect(sessionAt(sessions, at('2024-03-09T12:00:00Z'))).toBe(sessions[1]);
    expect(sessionAt(sessions, at('2024-03-12T12:00:00Z'))).toBeUndefined();
  });
});

describe('errors of IB', () => {
  it('tells what 162 means by its text', () => {
    const judge = (text: string): string =>
      judgeIbError(162, `Historical Market Data Service error message:${text}`);
    expect(judge('Historical data request pacing violation')).toBe('pacing');
    expect(judge('HMDS query returned no data: AAPL@SMART Trades')).toBe('no-data');
    expect(judge('API historical data query cancelled: 3')).toBe('ignored');
    expect(judge('No market data permissions for NYSE STK')).toBe('refused');
  });

  it('names instrument, code and remedy in one line, and says whether it may go away', () => {
    for (const code of [100, 101, 200, 321, 326, 354, 420, 430, 502, 506, 10089, 10197, 31_337]) {
      const error = ibError('AAPL', code, 'Some text\nof two lines.');
      expect([error.code, error.message]).toEqual([
        `ib-${code}`,
        expect.stringMatching(new RegExp(`^IB AAPL: error ${code}: Some text of two lines; .{20,}$`)),
      ]);
    }
    expect(ibError('AAPL', 354, 'x').retryable).toBe(false);
    expect(ibError('AAPL', 10197, 'x').retryable).toBe(true);
    expect([judgeIbError(2104, 'x'), judgeIbError(366, 'x'), judgeIbError(10167, 'x')]).toEqual([
      'notice',
      'ignored',
      'notice',
    ]);
  });
});
