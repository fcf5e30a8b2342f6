import { describe, expect, test } from 'vitest';
import { Directory } from './directory.ts';
import { HAND_INSTRUMENTS, HAND_START_MS } from './fixtures/hand-market.ts';
import type { ContractQuery } from './wire/requests.ts';

const directory = new Directory(HAND_INSTRUMENTS);

function query(part: Partial<ContractQuery>): ContractQuery {
  return {
    conId: 0,
    symbol: '',
    secType: '',
    lastTradeDate: '',
    strike: 0,
    right: '',
    multiplier: '',
    exchange: 'SMART',
    primaryExchange: '',
    currency: '',
    localSymbol: '',
    tradingClass: '',
    ...part,
  };
}

function only(part: Partial<ContractQuery>, includeExpired = false): unknown {
  const found = directory.only(query(part), HAND_START_MS, includeExpired);
  return found.ok ? found.value.conId : found.error.code;
}

describe('one contract', () => {
  test.each([
    ['by conId alone', { conId: 265598, exchange: '' }, 265598],
    ['by symbol', { symbol: 'AAPL', secType: 'STK', currency: 'USD' }, 265598],
    ['on its primary exchange', { symbol: 'AAPL', secType: 'STK', exchange: 'NASDAQ' }, 265598],
    ['in any case', { symbol: 'aapl', secType: 'STK' }, 265598],
    ['a currency pair', { symbol: 'EUR', secType: 'CASH', currency: 'USD', exchange: 'IDEALPRO' }, 12087792],
    ['a future by month', { symbol: 'ES', secType: 'FUT', exchange: 'CME', lastTradeDate: '202403' }, 1002],
    [
      'a future by day and multiplier',
      { symbol: 'ES', secType: 'FUT', exchange: 'CME', lastTradeDate: '20240621', multiplier: '50.0' },
      1003,
    ],
    ['a future by local symbol', { secType: 'FUT', exchange: 'CME', localSymbol: 'ESH4' }, 1002],
    ['the front of a continuous future', { symbol: 'ES', secType: 'CONTFUT', exchange: 'CME' }, 1002],
    ['two futures fit', { symbol: 'ES', secType: 'FUT', exchange: 'CME' }, 200],
    ['an expired one', { symbol: 'ES', secType: 'FUT', exchange: 'CME', lastTradeDate: '202312' }, 200],
    ['nothing fits', { symbol: 'NOPE', secType: 'STK' }, 200],
    ['a wrong exchange', { symbol: 'AAPL', secType: 'STK', exchange: 'LSE' }, 200],
    ['a wrong conId', { conId: 7 }, 200],
    ['without a type', { symbol: 'AAPL' }, 321],
    ['without a symbol', { secType: 'STK' }, 321],
    ['a future without an exchange', { symbol: 'ES', secType: 'FUT', exchange: '' }, 321],
  ])('%s', (_, part, expected) => {
    expect(only(part)).toBe(expected);
  });

  test('an expired future on request', () => {
    expect(only({ symbol: 'ES', secType: 'FUT', exchange: 'CME', lastTradeDate: '202312' }, true)).toBe(1001);
  });
});

describe('many', () => {
  test('all expiries that are alive', () => {
    const found = directory.matches(query({ symbol: 'ES', secType: 'FUT', exchange: '' }), {
      nowMs: HAND_START_MS,
      includeExpired: false,
    });
    expect(found.map(({ conId }) => conId)).toEqual([1002, 1003]);
  });

  test('by ISIN', () => {
    const found = directory.matches(query({}), {
      nowMs: HAND_START_MS,
      includeExpired: false,
      secIdType: 'ISIN',
      secId: 'US0378331005',
    });
    expect(found.map(({ symbol }) => symbol)).toEqual(['AAPL']);
  });

  test('samples: symbols first, then names, one per symbol', () => {
    expect(directory.samples('e').map(({ symbol }) => symbol)).toEqual(['EUR', 'ES', 'AAPL']);
    expect(directory.samples('micro').map(({ symbol }) => symbol)).toEqual(['MSFT']);
    expect(directory.samples('')).toEqual([]);
  });
});
