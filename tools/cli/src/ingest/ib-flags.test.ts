import { describe, expect, it } from 'vitest';
import { ibImport } from '../commands/ingest-ib.ts';
import { ibInstrument } from './ib-flags.ts';
import { holeText } from './report.ts';

const BASE = { instance: 'default', waitDeadline: 1, host: '127.0.0.1', port: 4002 };
const DAY = 1_735_689_600_000_000_000n;

describe('an instrument of Interactive Brokers', () => {
  it.each([
    ['AAPL', 'AAPL'],
    ['EURUSD:CASH', { symbol: 'EURUSD', secType: 'CASH', ibSymbol: 'EUR', currency: 'USD' }],
    [
      'BTCUSD:crypto:ZEROHASH',
      { symbol: 'BTCUSD', secType: 'CRYPTO', exchange: 'ZEROHASH', ibSymbol: 'BTC', currency: 'USD' },
    ],
    ['ES:FUT:CME', { symbol: 'ES', secType: 'FUT', exchange: 'CME' }],
    [
      'ES-202512:FUT:CME',
      { symbol: 'ES-202512', secType: 'FUT', exchange: 'CME', ibSymbol: 'ES', expiry: '202512' },
    ],
    ['VOD:STK:LSE:GBP', { symbol: 'VOD', secType: 'STK', exchange: 'LSE', currency: 'GBP' }],
  ])('%s', (text, expected) => {
    expect(ibInstrument(text)).toEqual(expected);
  });

  it.each(['', ':STK', 'A:', 'A:STK:', 'A:STK:X:USD:more'])('refuses "%s" with how to write one', (text) => {
    expect(() => ibInstrument(text)).toThrow(`"${text}" is not an instrument: write ID[:TYPE`);
  });
});

describe('what is asked of Interactive Brokers', () => {
  it('is one thing at a time', () => {
    expect(() => ibImport(['AAPL'], BASE)).toThrow('exactly one of --live, --from TIME');
    expect(() => ibImport(['AAPL'], { ...BASE, live: true, from: DAY })).toThrow('exactly one of');
  });

  it('is live until it is stopped, or for a while', () => {
    const flags = { ...BASE, live: true as const, series: ['bars'], for: 5, clientId: 9 };
    expect(ibImport(['AAPL'], flags)).toEqual({
      jobs: [
        {
          type: 'ib',
          host: '127.0.0.1',
          port: 4002,
          clientId: 9,
          feed: 'live',
          instruments: ['AAPL'],
          series: ['bars'],
        },
      ],
      sources: ['ib'],
      untilMs: 5_000,
    });
  });

  it('is daily bars of regular hours unless it says more, and an interval only where there are bars', () => {
    const [bars] = ibImport(['AAPL'], { ...BASE, from: DAY }).jobs;
    expect(bars).toMatchObject({ feed: 'history', kind: 'bars', interval: '1d' });
    expect(bars).not.toHaveProperty('useRth');
    const ticks = { ...BASE, from: DAY, to: 2n * DAY, kind: 'trades' as const, allHours: true as const };
    expect(ibImport(['AAPL'], ticks)).toMatchObject({
      jobs: [{ kind: 'trades', from: '2025-01-01T00:00:00Z', useRth: false }],
      sources: ['ib:history'],
    });
    expect(ibImport(['AAPL'], ticks).jobs[0]).not.toHaveProperty('interval');
  });
});

it('tells a hole with what became of it', () => {
  const hole = {
    type: 'hole' as const,
    symbol: 'AAPL',
    series: 'trades',
    reason: 'connection reset',
    from: '2025-10-06T13:30:00Z',
    to: '2025-10-06T13:30:05Z',
    timeToRepairMs: 4_200,
    events: 1,
    unrepaired: null,
  };
  expect(holeText(hole, true)).toBe(
    'AAPL trades: 1 event missed from 2025-10-06T13:30:00Z to 2025-10-06T13:30:05Z fetched after 4.2 s (connection reset)',
  );
  expect(holeText({ ...hole, unrepaired: 'its own remedy' }, false)).toMatch(/not repaired: its own remedy$/);
  expect(holeText({ ...hole, unrepaired: 'no permission' }, true)).toContain(
    'not repaired: no permission; tickwell backfill',
  );
});
