import { describe, expect, it } from 'vitest';
import { at, mapOf, symbol } from './fixtures/build.ts';
import { INSTRUMENT_KIND } from './kind.ts';
import { InstrumentMap } from './map.ts';
import { ALWAYS, dayText } from './span.ts';
import { parseVendorQuery } from './vendor-query.ts';

const yahoo = (name: string, span: object = {}) => ({ source: 'yahoo', symbol: name, ...span });
const stock = (...vendors: object[]) => ({ type: 'stock', vendors });

/** The ticker of Facebook was another company's until 2003, and the company is called META today. */
const FB = {
  'FB-1999': { ...stock(yahoo('FB')), listed: { from: '1999-09-29', to: '2003-03-28' } },
  META: {
    ...stock(yahoo('FB', { to: '2022-06-09' }), yahoo('META', { from: '2022-06-09' })),
    listed: { from: '2012-05-18' },
  },
};

describe('the instrument map', () => {
  it('tells two companies of one ticker apart by time, and follows a rename', () => {
    const map = mapOf(FB);
    expect(map.problems()).toEqual([]);
    const owner = (name: string, day: string) => map.idOf('yahoo', symbol(name), at(day));
    expect(owner('FB', '2001-01-01')).toBe('FB-1999');
    expect(owner('FB', '2003-03-28')).toBeUndefined();
    expect(owner('FB', '2012-05-18')).toBe('META');
    expect(owner('FB', '2022-06-09')).toBeUndefined();
    expect(owner('META', '2022-06-09')).toBe('META');
    expect(map.vendorSymbol('META', 'yahoo', at('2022-06-08'))).toEqual({ symbol: 'FB' });
    expect(map.segments('META', 'yahoo', at('2010-01-01'), at('2023-01-01'))).toEqual([
      { vendor: { symbol: 'FB' }, fromNs: at('2012-05-18'), toNs: at('2022-06-09') },
      { vendor: { symbol: 'META' }, fromNs: at('2022-06-09'), toNs: at('2023-01-01') },
    ]);
  });

  it('says nothing of what it does not know, which is not the same as that there is nothing', () => {
    const map = mapOf(FB);
    expect(map.segments('AAPL', 'yahoo', 0n, 1n)).toBeUndefined();
    expect(map.segments('META', 'ib', 0n, 1n)).toBeUndefined();
    expect(map.segments('META', 'yahoo', at('2005-01-01'), at('2006-01-01'))).toEqual([]);
    expect(map.idOf('ib', symbol('FB'), at('2015-01-01'))).toBeUndefined();
  });

  it('knows contracts of a broker by number and by description', () => {
    const contract = { conId: 265598, secType: 'STK', exchange: 'SMART', currency: 'USD' };
    const map = mapOf({
      AAPL: stock({ source: 'ib', symbol: 'AAPL', contract }),
      'AAPL-LSE': stock({
        source: 'ib',
        symbol: 'AAPL',
        contract: { ...contract, conId: 38708077, exchange: 'LSE' },
      }),
    });
    expect(map.problems()).toEqual([]);
    expect(map.idOf('ib', { symbol: '', contract: { conId: 265598 } }, 0n)).toBe('AAPL');
    expect(map.idOf('ib', { symbol: 'AAPL', contract: { conId: 1 } }, 0n)).toBeUndefined();
    expect(map.idOf('ib', { symbol: 'AAPL', contract: { conId: 38708077 } }, 0n)).toBe('AAPL-LSE');
  });

  it('completes a contract of Interactive Brokers by what the instrument is', () => {
    const map = mapOf({
      ESH5: {
        type: 'future',
        currency: 'USD',
        future: { root: 'ES', expiry: '2025-03-21' },
        vendors: [{ source: 'ib', symbol: 'ES', contract: { exchange: 'CME' } }],
      },
      EURUSD: { type: 'currency', currency: 'USD', vendors: [{ source: 'ib', symbol: 'EUR' }] },
    });
    expect(map.vendorSymbol('ESH5', 'ib', 0n)).toEqual({
      symbol: 'ES',
      contract: { secType: 'FUT', currency: 'USD', expiry: '20250321', exchange: 'CME' },
    });
    expect(map.vendorSymbol('EURUSD', 'ib', 0n)).toEqual({
      symbol: 'EUR',
      contract: { secType: 'CASH', currency: 'USD' },
    });
  });

  it('forgets what is deleted and replaces what is changed', () => {
    const map = mapOf(FB);
    map.apply({ id: 'META', payloadJson: '', deleted: true, position: 9n });
    expect(map.get('META')).toBeUndefined();
    expect(map.idOf('yahoo', symbol('FB'), at('2015-01-01'))).toBeUndefined();
    map.apply({
      id: 'FB-1999',
      payloadJson: JSON.stringify(stock(yahoo('X'))),
      deleted: false,
      position: 10n,
    });
    expect(map.idOf('yahoo', symbol('FB'), at('2001-01-01'))).toBeUndefined();
    expect(map.idOf('yahoo', symbol('X'), at('2001-01-01'))).toBe('FB-1999');
  });

  it('goes on without a document that is wrong, and says so', () => {
    const map = mapOf({ A: { type: 'stok' }, B: stock(yahoo('B')) });
    expect(map.problems()).toEqual([expect.stringMatching(/^instrument A: instrument\.type must be one of/)]);
    expect(map.idOf('yahoo', symbol('B'), 0n)).toBe('B');
  });
});

describe('what contradicts another instrument', () => {
  it('names the name, both instruments and the overlap', () => {
    const map = mapOf(FB);
    expect(map.conflicts('FBX', { ...stock(yahoo('FB', { from: '2002-01-01', to: '2014-01-01' })) })).toEqual(
      [
        'yahoo "FB" is claimed from 2002-01-01 to 2014-01-01, but it is FB-1999\'s from 1999-09-29 to 2003-03-28: both would have it from 2002-01-01 to 2003-03-28; end one before the other begins',
        'yahoo "FB" is claimed from 2002-01-01 to 2014-01-01, but it is META\'s from 2012-05-18 to 2022-06-09: both would have it from 2012-05-18 to 2014-01-01; end one before the other begins',
      ],
    );
    expect(map.conflicts('FBX', stock(yahoo('FB', { from: '2003-03-28', to: '2012-05-18' })))).toEqual([]);
    expect(map.conflicts('META', FB.META)).toEqual([]);
  });

  it('where it slipped in all the same, the one written first has the name, whatever order they are read in', () => {
    const first = { id: 'A', payloadJson: JSON.stringify(stock(yahoo('T'))), deleted: false, position: 1n };
    const second = { ...first, id: 'B', position: 2n };
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const map = new InstrumentMap();
      for (const document of order) map.apply(document);
      expect(map.idOf('yahoo', symbol('T'), 0n)).toBe('A');
      expect(map.segments('B', 'yahoo', 0n, 1n)).toEqual([]);
      expect(map.problems()).toEqual([
        expect.stringMatching(/^yahoo "T" is claimed always, but it is A's always/),
      ]);
    }
  });

  it('refuses members that are unknown, and the deletion of one that is used', () => {
    const map = mapOf({ A: stock(), IDX: { type: 'index', members: [{ id: 'A' }] } });
    expect(map.conflicts('A', undefined)).toEqual(['instrument IDX needs it: change that first']);
    expect(map.conflicts('IDX', { type: 'index', members: [{ id: 'Z' }, { id: 'A' }] })).toEqual([
      'members names Z, which is no instrument: add it first',
    ]);
    const roll = { rule: 'volume' };
    expect(map.conflicts('C', { type: 'continuous', continuous: { members: ['A'], roll } })).toEqual([
      'continuous.members names A, which is no instrument of type future: add it first',
    ]);
  });
});

it('members of an index are those of a day, with the ones that were delisted since', () => {
  const map = mapOf({
    A: { ...stock(), listed: { to: '2010-01-01' } },
    B: stock(),
    IDX: {
      type: 'index',
      members: [
        { id: 'A', to: '2009-06-01' },
        { id: 'B', from: '2009-06-01' },
      ],
    },
  });
  expect(map.membersAt('IDX', at('2009-05-31'))).toEqual(['A']);
  expect(map.membersAt('IDX', at('2009-06-01'))).toEqual(['B']);
  expect(map.membersAt('NONE', 0n)).toEqual([]);
});

it('a continuous future is made of the futures it names, or of all of its root', () => {
  const future = (expiry: string) => ({ type: 'future', future: { root: 'ES', expiry } });
  const continuous = (of: object) => ({
    type: 'continuous',
    continuous: { ...of, roll: { rule: 'volume' } },
  });
  const map = mapOf({
    ESM5: future('2025-06-20'),
    ESH5: future('2025-03-21'),
    'ES.all': continuous({ root: 'ES' }),
    'ES.one': continuous({ members: ['ESM5'] }),
  });
  expect(map.contractsOf('ES.all').map(({ id }) => id)).toEqual(['ESH5', 'ESM5']);
  expect(map.contractsOf('ES.one').map(({ id }) => id)).toEqual(['ESM5']);
});

describe('a document that is wrong', () => {
  it.each([
    [{}, 'instrument.type is required'],
    [{ type: 'stock', tikcer: 'A' }, 'instrument.tikcer is not known; known are type,'],
    [{ type: 'stock', multiplier: 0 }, 'instrument.multiplier must be above 0'],
    [{ type: 'stock', listed: { from: '2020-02-30' } }, 'listed.from "2020-02-30" is not a date that exists'],
    [{ type: 'stock', listed: { from: '2020-01-01', to: '2020-01-01' } }, 'listed.to must be after from'],
    [stock({ source: 'yahoo' }), 'vendors[0].symbol is required'],
    [stock({ source: 'ya hoo', symbol: 'A' }), 'vendors[0].source "ya hoo" is none'],
    [
      stock({ ...yahoo('A'), contract: { conId: 1.5 } }),
      'vendors[0].contract.conId must be a whole number above 0',
    ],
    [
      stock(yahoo('A', { to: '2020-01-02' }), yahoo('B', { from: '2020-01-01' })),
      'yahoo "A" and yahoo "B" overlap from 2020-01-01 to 2020-01-02',
    ],
    [
      { ...stock(yahoo('A', { to: '2000-01-01' })), listed: { from: '2000-01-01' } },
      'vendors[0] is wholly outside',
    ],
    [{ type: 'future' }, 'instrument.future is required for type future'],
    [
      { type: 'stock', future: { root: 'ES', expiry: '2025-03-21' } },
      'instrument.future belongs to type future, not to type stock',
    ],
    [
      { type: 'future', future: { root: 'ES', expiry: '2025-3-21' } },
      'future.expiry "2025-3-21" is not a date',
    ],
    [{ type: 'stock', members: [{ id: 'A' }] }, 'instrument.members belong to an index'],
    [
      { type: 'continuous', continuous: { roll: { rule: 'volume' } } },
      'continuous.root or members is required',
    ],
    [
      { type: 'continuous', continuous: { root: 'ES', roll: { rule: 'days-before-expiry' } } },
      'continuous.roll.days is required: -1 to 250',
    ],
    [
      { type: 'continuous', continuous: { root: 'ES', roll: { rule: 'volume', days: 3 } } },
      'continuous.roll.days is not known',
    ],
  ])('%j', (document, problem) => {
    expect(INSTRUMENT_KIND.check('A', document).join('; ')).toContain(problem);
  });

  it('has an id that is none', () => {
    expect(INSTRUMENT_KIND.check('A B', { type: 'stock' })).toEqual([
      expect.stringMatching(/is not an instrument id/),
    ]);
  });
});

describe('a name of a job', () => {
  const named = (name: string, from: string, to: string, source = 'yahoo') =>
    mapOf({ ...FB, ...FUTURES })
      .named(name, source, at(from), at(to))
      ?.map(({ id, vendor, fromNs, toNs }) => [id, vendor.symbol, dayText(fromNs), dayText(toNs)]);

  it('is an id before it is a ticker, and a ticker is whose it was', () => {
    expect(named('META', '2020-01-01', '2023-01-01')).toEqual([
      ['META', 'FB', '2020-01-01', '2022-06-09'],
      ['META', 'META', '2022-06-09', '2023-01-01'],
    ]);
    expect(named('FB', '2000-01-01', '2023-01-01')).toEqual([
      ['FB-1999', 'FB', '2000-01-01', '2003-03-28'],
      ['META', 'FB', '2012-05-18', '2022-06-09'],
    ]);
    expect(named('FB', '2004-01-01', '2005-01-01')).toEqual([]);
    expect(named('AAPL', '2004-01-01', '2005-01-01')).toBeUndefined();
  });

  it('of contracts that share a symbol is all of theirs', () => {
    expect(named('ES', '2025-01-01', '2025-02-01', 'ib')?.map(([id]) => id)).toEqual(['ESH5', 'ESM5']);
  });
});

/** Two months of one future at Interactive Brokers, one of them by its number. */
const FUTURES = {
  ESH5: {
    type: 'future',
    currency: 'USD',
    future: { root: 'ES', expiry: '2025-03-21' },
    vendors: [{ source: 'ib', symbol: 'ES', contract: { exchange: 'CME', localSymbol: 'ESH5' } }],
  },
  ESM5: {
    type: 'future',
    currency: 'USD',
    future: { root: 'ES', expiry: '2025-06-20' },
    vendors: [{ source: 'ib', symbol: 'ES', contract: { conId: 637533641, exchange: 'CME' } }],
  },
};

describe('looking up names at a source', () => {
  const found = (text: string, source = 'ib') =>
    mapOf({ ...FB, ...FUTURES })
      .find(source, parseVendorQuery(source, text), ALWAYS)
      .map(({ id }) => id);

  it.each([
    ['637533641', ['ESM5']],
    ['265598', []],
    ['ES', ['ESH5', 'ESM5']],
    ['ESH5', ['ESH5']],
    ['ES:FUT:CME', ['ESH5', 'ESM5']],
    ['ES:fut:CME:USD', ['ESH5', 'ESM5']],
    ['ES-202506:FUT:CME', ['ESM5']],
    ['ES-20250321', ['ESH5']],
    ['ES:STK', []],
    ['ES:FUT:NYMEX', []],
    ['ES:FUT:CME:EUR', []],
  ])('of Interactive Brokers %s finds %j', (text, ids) => {
    expect(found(text)).toEqual(ids);
  });

  it('finds a pair of currencies as IB has it, and elsewhere only the name itself', () => {
    const pair = {
      type: 'currency',
      vendors: [{ source: 'ib', symbol: 'EUR', contract: { currency: 'USD' } }],
    };
    const map = mapOf({ EURUSD: pair });
    const of = (text: string) => map.find('ib', parseVendorQuery('ib', text), ALWAYS).map(({ id }) => id);
    expect([of('EURUSD:CASH'), of('EUR:CASH:IDEALPRO:USD'), of('EURGBP:CASH'), of('EUR')]).toEqual([
      ['EURUSD'],
      ['EURUSD'],
      [],
      ['EURUSD'],
    ]);
    expect(found('FB', 'yahoo')).toEqual(['FB-1999', 'META']);
    expect(found('FB:STK', 'yahoo')).toEqual([]);
  });
});

describe('the calendar of an instrument', () => {
  const check = (name: string): readonly string[] =>
    INSTRUMENT_KIND.check('AAPL', { type: 'stock', calendar: name });

  it.each(['', 'XNYS', 'xnys', 'NASDAQ', 'CME-ENERGY', '24/7'])('may be %j', (name) => {
    expect(check(name)).toEqual([]);
  });

  it('is one that there is when it is written, and the nearest are named; what is stored counts all the same', () => {
    expect(check('CME-EQUTIES')[0]).toMatch(
      /"CME-EQUTIES" is no calendar: nearest are CME-EQUITY, CME-ENERGY, /,
    );
    expect(check('x'.repeat(5000))[0]?.length).toBeLessThan(200);
    expect(mapOf({ OLD: { type: 'stock', calendar: 'OURS' } }).get('OLD')?.calendar).toBe('OURS');
  });
});
