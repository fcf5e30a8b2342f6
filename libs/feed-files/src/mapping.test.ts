import { describe, expect, it } from 'vitest';
import { parseMapping, resolveMapping } from './mapping.ts';

describe('resolveMapping', () => {
  it('finds columns by what their names usually are', () => {
    const columns = ['DT', 'EX', 'BID', 'BIDSIZ', 'OFR', 'OFRSIZ', 'SYMBOL'];
    const found = resolveMapping(columns, { kind: 'quotes' });
    expect(found.ok && Object.fromEntries(found.value)).toEqual({
      time: [0],
      bid: [2],
      ask: [4],
      bidSize: [3],
      askSize: [5],
      symbol: [6],
    });
  });

  it('prefers what the user says, by name in any case, index or several columns', () => {
    const columns = ['date', 'time', 'Open', 'High', 'Low', 'Close', 'Adj Close'];
    const mapping = { time: ['date', 'time'], close: 'adj close', open: 2 };
    const found = resolveMapping(columns, { kind: 'bars', symbol: 'X', mapping });
    expect(found.ok && found.value.get('time')).toEqual([0, 1]);
    expect(found.ok && found.value.get('close')).toEqual([6]);
  });

  it.each([
    [['time', 'px2'], {}, 'no column for price'],
    [['time', 'price'], {}, 'no column for symbol (or give one symbol for the whole file)'],
    [['date', 'time', 'price'], { symbol: 'X' }, 'both a date and a time column'],
    [
      ['time', 'price'],
      { symbol: 'X', mapping: { price: 'cost' } },
      'price: there is no column "cost"; its columns are time, price',
    ],
    [
      ['time', 'price'],
      { symbol: 'X', mapping: { open: 'price' } },
      'the mapping names open, which trades do not have',
    ],
    [null, { symbol: 'X' }, 'the file has no header, so map columns by index from 0'],
  ])('%j %j: %s', (columns, options, message) => {
    const found = resolveMapping(columns, { kind: 'trades', ...options });
    expect(found.ok ? '' : found.error).toContain(message);
  });
});

describe('parseMapping', () => {
  it('reads what the command line takes', () => {
    expect(parseMapping('time=Date, close="Adj Close, last",price=3,symbol=a+b')).toEqual({
      ok: true,
      value: { time: 'Date', close: 'Adj Close, last', price: 3, symbol: ['a', 'b'] },
    });
  });

  it.each([
    ['', '"" is not role=column'],
    ['time', '"time" is not role=column'],
    ['time=', '"time=" names no column'],
    ['price=a, time= ,size=b', '"time=" names no column'],
    ['colour=x', '"colour" is not one of time, '],
    ['time=a;price=b,=', '"=" is not role=column'],
    ['price=size,price=price', '"price" is named twice'],
  ])('refuses %j and says why', (text, reason) => {
    const parsed = parseMapping(text);
    expect(parsed.ok ? '' : parsed.error).toContain(reason);
  });
});
