import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRequest } from './decode-request.ts';

function decoded(fields: readonly string[]): unknown {
  const result = decodeRequest(fields);
  return result.ok ? result.value : result.error;
}

const AAPL = { conId: 265598, symbol: 'AAPL', secType: 'STK', strike: 0, exchange: 'SMART', currency: 'USD' };

describe('requests as clients send them (captures of the reference)', () => {
  test.each([
    [
      'ib_async',
      [
        '20',
        '5',
        '265598',
        'AAPL',
        'STK',
        '',
        '0.0',
        '',
        '',
        'SMART',
        '',
        'USD',
        '',
        '',
        '0',
        '',
        '1 min',
        '1 D',
        '1',
        'TRADES',
        '1',
        '1',
        '',
      ],
    ],
    [
      'stoqey',
      [
        '20',
        '5',
        '265598',
        'AAPL',
        'STK',
        '',
        '',
        '',
        '',
        'SMART',
        '',
        'USD',
        '',
        '',
        '0',
        '',
        '1 min',
        '1 D',
        '1',
        'TRADES',
        '1',
        '1',
        '',
      ],
    ],
  ])('historical data of %s', (_, fields) => {
    expect(decoded(fields)).toMatchObject({
      kind: 'historicalData',
      reqId: 5,
      contract: AAPL,
      endDateTime: '',
      barSize: '1 min',
      duration: '1 D',
      useRth: true,
      whatToShow: 'TRADES',
      formatDate: 1,
      keepUpToDate: true,
    });
  });

  test.each([
    [
      'ib_async',
      [
        '9',
        '8',
        '3',
        '265598',
        'AAPL',
        'STK',
        '',
        '0.0',
        '',
        '',
        'SMART',
        '',
        'USD',
        '',
        '',
        '0',
        '',
        '',
        '',
      ],
    ],
    [
      'stoqey',
      ['9', '8', '3', '265598', 'AAPL', 'STK', '', '', '', '', 'SMART', '', 'USD', '', '', '', '', '', ''],
    ],
  ])('contract details of %s', (_, fields) => {
    expect(decoded(fields)).toMatchObject({
      kind: 'contractDetails',
      reqId: 3,
      contract: AAPL,
      includeExpired: false,
    });
  });

  test('market data with generic ticks', () => {
    const fields = [
      '1',
      '11',
      '9',
      '265598',
      'AAPL',
      'STK',
      '',
      '0.0',
      '',
      '',
      'SMART',
      '',
      'USD',
      '',
      '',
      '0',
      '233,236',
      '1',
      '0',
      '',
    ];
    expect(decoded(fields)).toMatchObject({
      kind: 'marketData',
      reqId: 9,
      genericTicks: ['233', '236'],
      snapshot: true,
    });
  });

  test('market data of a combination: legs and a delta-neutral contract are passed over', () => {
    const bag = ['1', '11', '9', '0', 'IBKR', 'BAG', '', '', '', '', 'SMART', '', 'USD', '', ''];
    const legs = ['2', '43645865', '1', 'BUY', 'SMART', '9408', '1', 'SELL', 'SMART'];
    expect(decoded([...bag, ...legs, '1', '5', '0.5', '10', '233', '0', '0', ''])).toMatchObject({
      contract: { secType: 'BAG' },
      genericTicks: ['233'],
      snapshot: false,
    });
  });

  test.each([
    ['stoqey', ['52', '2', '12', '265598', 'AAPL', 'STK', 'SMART', '', 'USD', '', 'ReportSnapshot', '']],
    [
      'ib_async',
      ['52', '2', '12', '265598', 'AAPL', 'STK', 'SMART', '', 'USD', '', 'ReportSnapshot', '0', ''],
    ],
  ])('fundamental data of %s', (_, fields) => {
    expect(decoded(fields)).toMatchObject({
      kind: 'fundamentalData',
      reqId: 12,
      contract: AAPL,
      reportType: 'ReportSnapshot',
    });
  });

  test('tick by tick', () => {
    const fields = [
      '97',
      '10',
      '265598',
      'AAPL',
      'STK',
      '',
      '0.0',
      '',
      '',
      'SMART',
      '',
      'USD',
      '',
      '',
      'AllLast',
      '20',
      '1',
    ];
    expect(decoded(fields)).toMatchObject({
      kind: 'tickByTick',
      reqId: 10,
      tickType: 'AllLast',
      numberOfTicks: 20,
      ignoreSize: true,
    });
  });

  test('historical ticks', () => {
    const fields = [
      '96',
      '4',
      '265598',
      'AAPL',
      'STK',
      '',
      '',
      '',
      '',
      'SMART',
      '',
      'USD',
      '',
      '',
      '0',
      '20240110 10:00:00 UTC',
      '',
      '1000',
      'BID_ASK',
      '1',
      'true',
      '',
    ];
    expect(decoded(fields)).toMatchObject({
      kind: 'historicalTicks',
      startDateTime: '20240110 10:00:00 UTC',
      endDateTime: '',
      numberOfTicks: 1000,
      whatToShow: 'BID_ASK',
      useRth: true,
      ignoreSize: true,
    });
  });

  test.each([
    [['71', '2', '7', ''], { kind: 'startApi', clientId: 7 }],
    [['6', '2', '1', 'DU1'], { kind: 'accountUpdates', subscribe: true, account: 'DU1' }],
    [['76', '1', '4', 'DU1', '', '0'], { kind: 'accountUpdatesMulti', reqId: 4, account: 'DU1', model: '' }],
    [['76', '2', '4', 'DU1', '', '1'], { kind: 'accountUpdatesMulti', reqId: 4, account: 'DU1', model: '' }],
    [
      ['62', '1', '5', 'All', 'NetLiquidation,$LEDGER'],
      { kind: 'accountSummary', reqId: 5, group: 'All', tags: 'NetLiquidation,$LEDGER' },
    ],
    [
      ['7', '3', '6', '0', '', '20240110-00:00:00', '', '', '', ''],
      { kind: 'executions', reqId: 6, time: '20240110-00:00:00' },
    ],
    [['94', '8', 'DU1', '', '265598'], { kind: 'pnlSingle', reqId: 8, account: 'DU1', conId: 265598 }],
    [['92', '8', 'DU1', ''], { kind: 'pnl', reqId: 8, account: 'DU1' }],
    [['2', '1', '9'], { kind: 'cancelMarketData', reqId: 9 }],
    [['25', '1', '9'], { kind: 'cancelHistoricalData', reqId: 9 }],
    [['98', '9'], { kind: 'cancelTickByTick', reqId: 9 }],
    [['90', '9'], { kind: 'cancelHeadTimestamp', reqId: 9 }],
    [['59', '1', '3'], { kind: 'marketDataType', type: 3 }],
    [['81', '3', 'AAP'], { kind: 'matchingSymbols', reqId: 3, pattern: 'AAP' }],
    [['99', '0'], { kind: 'completedOrders' }],
    [['104', '5'], { kind: 'userInfo', reqId: 5 }],
  ])('%j', (fields, request) => {
    expect(decoded(fields)).toMatchObject(request);
  });
});

describe('what is not a request', () => {
  test('an unknown message', () => {
    expect(decoded(['3', '1'])).toMatchObject({ code: 320, reqId: -1 });
  });

  test('a field that is no number names itself and the request', () => {
    const fields = ['20', '5', 'many', 'AAPL', 'STK'];
    expect(decoded(fields)).toMatchObject({
      code: 321,
      reqId: 5,
      text: expect.stringContaining('conId "many"') as string,
    });
  });

  test('a missing request id', () => {
    expect(decoded(['98', ''])).toMatchObject({
      code: 321,
      text: expect.stringContaining('request id is missing') as string,
    });
  });

  test('any fields are decoded or refused, never thrown at', () => {
    const id = fc.constantFrom(...'1,2,6,7,9,20,25,50,52,62,71,76,81,87,92,94,96,97,98'.split(','));
    const field = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.integer().map(String),
      fc.constantFrom('BAG', '1e308', '-1', 'x'.repeat(5000)),
    );
    fc.assert(
      fc.property(id, fc.array(field, { maxLength: 30 }), (first, rest) => {
        const result = decodeRequest([first, ...rest]);
        expect(result.ok || result.error.code === 321).toBe(true);
      }),
    );
  });
});
