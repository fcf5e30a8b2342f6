import { describe, expect, test } from 'vitest';
import { handInstrument } from '../../fixtures/hand-market.ts';
import { encodeFrame, FrameReader, type Message } from '../frame.ts';
import * as account from './account.ts';
import { contractData, symbolSamples, type ContractExtras } from './contracts.ts';
import { historicalData, historicalDataUpdate, historicalQuotes, historicalTrades } from './history.ts';
import { realTimeBar, tickByTickQuote, tickByTickTrade, tickPrice } from './realtime.ts';
import { errorMessage } from './session.ts';

/** As a client takes it apart. */
function wire(message: Message): readonly string[] {
  const [frame] = [...new FrameReader().push(encodeFrame(message))];
  if (frame?.ok !== true) throw new Error('not a frame');
  return frame.value;
}

const EXTRAS: ContractExtras = {
  validExchanges: 'SMART,NASDAQ',
  tradingHours: '20240110:0400-20240110:2000',
  liquidHours: '20240110:0930-20240110:1600',
  contractMonth: '',
  realExpirationDate: '',
  underConId: 0,
  underSymbol: '',
  underSecType: '',
  stockType: 'COMMON',
  minSize: 1,
  sizeIncrement: 1,
  suggestedSizeIncrement: 100,
};
const AAPL = handInstrument({ conId: 265598, isin: 'US0378331005' });
const BAR = { time: '20240110', open: 1, high: 4, low: 0.5, close: 2, volume: 10.5, wap: 1.5, count: 3 };
const TRADE = { timeMs: 1_704_900_000_999, price: 185.5, size: 0.25, exchange: 'ISLAND', conditions: 'F' };
const QUOTE = { timeMs: 1_704_900_000_000, bid: 185.4, ask: 185.6, bidSize: 3, askSize: 4 };

describe('numbers of fields, which ib_async and ibapi check', () => {
  test.each([
    ['position', account.position('DU1', { instrument: AAPL, quantity: 1, averageCost: 2 }), 16],
    [
      'portfolioValue',
      account.portfolioValue('DU1', {
        instrument: AAPL,
        quantity: 1,
        averageCost: 2,
        marketPrice: 3,
        marketValue: 4,
        unrealizedPnl: 5,
        realizedPnl: 6,
      }),
      20,
    ],
    ['tickPrice', tickPrice(178, 1, { type: 1, price: 2, size: 3, attributes: 1 }), 7],
    ['error at 157', errorMessage(157, 1, 200, 'no'), 5],
    ['error at 178', errorMessage(178, 1, 200, 'no'), 6],
    [
      'realTimeBar',
      realTimeBar(178, 1, {
        startMs: 5000,
        open: 1,
        high: 2,
        low: 1,
        close: 2,
        volume: 3,
        wap: 1.5,
        count: 2,
      }),
      11,
    ],
    ['contractData at 157', contractData(157, 1, AAPL, EXTRAS), 41],
    ['contractData at 178', contractData(178, 1, AAPL, EXTRAS), 42],
    ['pnl', account.pnl(1, { daily: 1, unrealized: 2, realized: 3 }), 5],
    [
      'pnlSingle',
      account.pnlSingle(178, 1, { daily: 1, unrealized: 2, realized: 3, quantity: 4, value: 5 }),
      7,
    ],
    [
      'commissionReport',
      account.commissionReport({ execId: 'a', commission: 1, currency: 'USD', realizedPnl: undefined }),
      8,
    ],
  ])('%s', (_, message, count) => {
    expect(wire(message)).toHaveLength(count);
  });

  test('execDetails gain pendingPriceRevision at 178', () => {
    const execution = {
      instrument: AAPL,
      orderId: 1,
      execId: 'e1',
      time: '20240110 10:00:00 US/Eastern',
      account: 'DU1',
      exchange: 'NASDAQ',
      side: 'BOT' as const,
      quantity: 100,
      price: 185.5,
      permId: 7,
      clientId: 2,
      cumulativeQuantity: 100,
      averagePrice: 185.5,
    };
    expect(wire(account.execDetails(157, 1, execution))).toHaveLength(31);
    expect(wire(account.execDetails(178, 1, execution))).toHaveLength(32);
  });
});

describe('layouts', () => {
  test('contract data of 157 has a version and a size multiplier, 178 three sizes at the end', () => {
    const old = wire(contractData(157, 1, AAPL, EXTRAS));
    expect(old.slice(0, 4)).toEqual(['10', '8', '1', 'AAPL']);
    expect(old.slice(12, 16)).toEqual(['NMS', '265598', '0.01', '1']);
    const current = wire(contractData(178, 1, AAPL, EXTRAS));
    expect(current.slice(0, 3)).toEqual(['10', '1', 'AAPL']);
    expect(current.slice(-4)).toEqual(['COMMON', '1', '1', '100']);
  });

  test('an update of a bar has close before high, and the average before the volume', () => {
    expect(wire(historicalDataUpdate(178, 3, BAR))).toEqual([
      '90',
      '3',
      '3',
      '20240110',
      '1',
      '2',
      '4',
      '0.5',
      '1.5',
      '10.5',
    ]);
  });

  test('sizes are whole numbers before 163', () => {
    expect(wire(historicalData(157, 3, { start: 'a', end: 'b' }, [BAR]))[10]).toBe('11');
    expect(wire(historicalData(178, 3, { start: 'a', end: 'b' }, [BAR]))[10]).toBe('10.5');
    expect(wire(tickByTickTrade(157, 3, 2, TRADE))[5]).toBe('0');
    expect(wire(tickByTickTrade(178, 3, 2, TRADE))).toEqual([
      '99',
      '3',
      '2',
      '1704900000',
      '185.5',
      '0.25',
      '0',
      'ISLAND',
      'F',
    ]);
  });

  test('quotes tick by tick and in history', () => {
    expect(wire(tickByTickQuote(178, 3, QUOTE))).toEqual([
      '99',
      '3',
      '3',
      '1704900000',
      '185.4',
      '185.6',
      '3',
      '4',
      '0',
    ]);
    expect(wire(historicalQuotes(178, 3, [QUOTE]))).toEqual([
      '97',
      '3',
      '1',
      '1704900000',
      '0',
      '185.4',
      '185.6',
      '3',
      '4',
      '1',
    ]);
    expect(wire(historicalTrades(178, 3, []))).toEqual(['98', '3', '0', '1']);
  });

  test('symbol samples gain a description at 176', () => {
    expect(wire(symbolSamples(157, 1, [AAPL]))).toEqual([
      '79',
      '1',
      '1',
      '265598',
      'AAPL',
      'STK',
      'NASDAQ',
      'USD',
      '0',
    ]);
    expect(wire(symbolSamples(178, 1, [AAPL])).slice(-3)).toEqual(['0', 'APPLE INC', '']);
  });

  test('an unset amount is the largest double, as clients know it', () => {
    const report = account.commissionReport({
      execId: 'a',
      commission: 1,
      currency: 'USD',
      realizedPnl: undefined,
    });
    expect(Number(wire(report)[5])).toBe(Number.MAX_VALUE);
  });

  test('XML has character references instead of escapes', () => {
    expect(wire(account.fundamentalData(1, '<a>é😀\\</a>'))[3]).toBe('<a>&#233;&#128512;&#92;</a>');
  });
});
