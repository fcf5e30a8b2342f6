import { describe, expect, it } from 'vitest';
import { chooseContract, type InstrumentSpec } from './contracts.ts';
import type { IbContract, IbContractDetails } from './ib-messages.ts';

function details(contract: IbContract): IbContractDetails {
  return {
    contract,
    longName: '',
    minTick: 0.01,
    timeZoneId: 'US/Eastern',
    tradingHours: '20240108:0400-20240108:2000',
    liquidHours: '20240108:0930-20240108:1600',
    contractMonth: '',
  };
}

const AAPL = {
  conId: 265_598,
  symbol: 'AAPL',
  secType: 'STK',
  exchange: 'NASDAQ',
  primaryExchange: 'NASDAQ',
  currency: 'USD',
};
const spec = (contract: IbContract, rollDays = 8): InstrumentSpec => ({ symbol: 'X', contract, rollDays });
const future = (conId: number, expiry: string): IbContractDetails =>
  details({
    conId,
    symbol: 'ES',
    secType: 'FUT',
    exchange: 'CME',
    currency: 'USD',
    lastTradeDateOrContractMonth: expiry,
  });
const CHAIN = [future(3, '20240920'), future(1, '20240315'), future(2, '20240621')];
const at = (day: string): number => Date.parse(`${day}T12:00:00Z`) / 1000;
const ES = spec({ symbol: 'ES', secType: 'FUT', exchange: 'CME' });

describe('chooseContract', () => {
  it('takes the only one, routed as asked', () => {
    const chosen = chooseContract(spec({ symbol: 'AAPL', exchange: 'SMART' }), [details(AAPL)], 0);
    expect(chosen.ok && chosen.value).toMatchObject({
      symbol: 'X',
      contract: { ...AAPL, exchange: 'SMART' },
      tradingSessions: [{ fromSeconds: Date.parse('2024-01-08T09:00:00Z') / 1000 }],
      roll: undefined,
    });
  });

  it('says what to add when several fit, and names the instrument when none does', () => {
    const many = [details(AAPL), details({ ...AAPL, conId: 7, currency: 'MXN', primaryExchange: 'MEXI' })];
    const chosen = chooseContract(spec({ symbol: 'AAPL', exchange: 'SMART' }), many, 0);
    expect(!chosen.ok && [chosen.error.code, chosen.error.message]).toEqual([
      'ib-ambiguous',
      'IB X: 2 contracts fit: 265598 (AAPL STK NASDAQ USD), 7 (AAPL STK MEXI MXN); add primaryExchange, currency or the conId',
    ]);
    const none = chooseContract(spec({ symbol: 'NOPE', secType: 'STK' }), [], 0);
    expect(!none.ok && none.error.message).toMatch(
      /^IB X: error 200: no contract fits NOPE STK; check symbol/,
    );
  });

  it('rolls to the next future so many days before the last trade date', () => {
    const front = (day: string): unknown => {
      const chosen = chooseContract(ES, CHAIN, at(day));
      return chosen.ok ? [chosen.value.contract.conId, chosen.value.roll?.next?.conId] : chosen.error.message;
    };
    expect(front('2024-03-06')).toEqual([1, 2]);
    expect(front('2024-03-07')).toEqual([2, 3]);
    expect(front('2024-09-01')).toEqual([3, undefined]);
    expect(front('2024-09-13')).toMatch(/all 3 contracts have been rolled/);
  });

  it('keeps the contract until the session ends in which the day of the roll begins', () => {
    const hours = '20240306:1700-20240307:1600;20240307:1700-20240308:1600';
    const chain = CHAIN.map((each) => ({ ...each, timeZoneId: 'US/Central', tradingHours: hours }));
    const front = (time: string): unknown => {
      const chosen = chooseContract(ES, chain, Date.parse(time) / 1000);
      if (!chosen.ok) return chosen.error.message;
      const { contract, roll } = chosen.value;
      return [contract.conId, new Date((roll?.atSeconds ?? 0) * 1000).toISOString(), roll?.sinceSeconds];
    };
    const day = Date.parse('2024-03-07T00:00:00Z') / 1000;
    expect(front('2024-03-06T12:00:00Z')).toEqual([1, '2024-03-07T22:00:00.000Z', undefined]);
    expect(front('2024-03-07T21:59:59Z')).toEqual([1, '2024-03-07T22:00:00.000Z', undefined]);
    expect(front('2024-03-07T22:00:00Z')).toEqual([2, '2024-06-13T00:00:00.000Z', day]);
  });

  it('does not guess between futures of different exchanges', () => {
    const mixed = [...CHAIN, details({ ...future(9, '20241220').contract, exchange: 'EUREX' })];
    const chosen = chooseContract(ES, mixed, at('2024-01-01'));
    expect(!chosen.ok && chosen.error.code).toBe('ib-ambiguous');
  });
});
