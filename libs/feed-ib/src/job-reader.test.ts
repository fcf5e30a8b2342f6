import { describe, expect, it } from 'vitest';
import { FakeClock } from './fixtures/fake-clock.ts';
import { readIbJob } from './job-reader.ts';
import { IbContext } from './jobs.ts';

const context = (): IbContext => new IbContext({ clock: new FakeClock() });

function read(job: object): unknown {
  const jobs = readIbJob({ type: 'ib', ...job }, 'jobs[0]', context());
  return jobs.ok ? jobs.value.map(({ name }) => name) : jobs.error;
}

describe('readIbJob', () => {
  it('reads each feed', () => {
    const instruments = ['AAPL', { symbol: 'ES', secType: 'FUT', exchange: 'CME', rollDays: 5 }];
    expect(read({ feed: 'live', instruments, series: ['trades'], clientId: [7, 8], maxLines: 50 })).toEqual([
      'IB live AAPL, ES',
    ]);
    expect(read({ feed: 'history', instruments, interval: '1m', from: '2023-01-01' })).toEqual([
      'IB AAPL 1m',
      'IB ES 1m',
    ]);
    expect(read({ feed: 'history', kind: 'trades', instruments: ['AAPL'], from: '2023-11-01' })).toEqual([
      'IB AAPL trades',
    ]);
    expect(read({ feed: 'fundamentals', instruments: ['AAPL'], report: 'ReportsFinSummary' })).toEqual([
      'IB AAPL ReportsFinSummary',
    ]);
    expect(read({ feed: 'portfolio', account: 'DU1', port: 4001 })).toEqual(['IB portfolio DU1']);
  });

  it('takes the speed of a simulated Gateway', () => {
    expect(read({ feed: 'live', instruments: ['AAPL'], speed: 60 })).toEqual(['IB live AAPL']);
    expect(read({ feed: 'live', instruments: ['AAPL'], speed: 0 })).toEqual([
      expect.stringContaining('speed must be 1 to 10000'),
    ]);
  });

  it('names every problem at once', () => {
    expect(read({})).toEqual([expect.stringContaining('feed is required')]);
    expect(
      read({
        feed: 'live',
        port: 'x',
        clientId: 'y',
        instruments: [{ symbol: 'A', secTyp: 'STK' }],
        series: ['ticks'],
        messagesPerSecond: 90,
      }),
    ).toEqual([
      expect.stringContaining('port must be a number'),
      expect.stringContaining('clientId'),
      expect.stringContaining('messagesPerSecond'),
      expect.stringContaining('secTyp is not known'),
      expect.stringContaining('series may hold'),
      expect.stringContaining('instruments must name'),
      expect.stringContaining('series must name'),
    ]);
    expect(read({ feed: 'history', instruments: ['A'], interval: '1m' })).toEqual([
      expect.stringContaining('from is required'),
    ]);
    expect(read({ feed: 'history', instruments: ['A'], interval: '1m', from: 'soon', colour: 1 })).toEqual([
      expect.stringContaining('"soon"'),
      expect.stringContaining('colour is not known'),
    ]);
    const many = Array.from({ length: 60 }, (_, index) => `S${index}`);
    expect(read({ feed: 'live', instruments: many })).toEqual([
      expect.stringMatching(/120 lines .* more than the 100 market data lines/),
    ]);
  });

  it('keeps the limits of a Gateway over all jobs', () => {
    const shared = context();
    const first = shared.governor({ port: 4001, limits: { messagesPerSecond: 10 } });
    expect([shared.governor({ port: 4001 }) === first, shared.governor({ port: 4002 }) === first]).toEqual([
      true,
      false,
    ]);
    expect(first.limits.messagesPerSecond).toBe(10);
  });
});
