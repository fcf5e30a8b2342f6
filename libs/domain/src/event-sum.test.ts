import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { EventLedger, EventSum, sumOfBars, sumOfIndicators, sumOfQuotes, sumOfTrades } from './event-sum.ts';
import { emptyBars, emptyTrades, type TradeColumns } from './events.ts';
import { murmur3, type Words } from './murmur3.ts';

const hex = (value: bigint): string => value.toString(16);

/** Of Python's mmh3 5.2 (mmh3_x86_128_digest, seed 0), over bytes of its own generator. */
const DIGESTS: readonly (readonly [bytes: string, digest: string])[] = [
  ['', '00000000000000000000000000000000'],
  ['4420823cfd', 'e29492552bb3cfc026b1762526b17625'],
  ['e6f1c26b30f90ec7dd01', 'b33a59508ad63eff454774da5bac6627'],
  ['e4887534a20f0b0d04c36ed80e71e0', '4ed87f4e656a32c46774ac8d888c1109'],
  [
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627',
    'a96edd71e3e6d933da5cb10acf0d09a9',
  ],
  ['fd77b07670eb940bd5335f973daad8619b91ffc9', '72680c4f70d425f4df7c9958986008f6'],
  ['11f57cced458bbbf2ce03753c9bdfa0ff0169dc95756740666', '234d12fc29d834077c5b3041869a0212'],
  ['76cfb0b4eb8902c44269da1cf6ba66d3f8b6d4b100a9ea0e755a5c2e8210', 'e9e7c7ac532af6492e5a04aed15b3377'],
];

describe('the hash', () => {
  it.each(DIGESTS)('of %s is what others compute', (bytes, digest) => {
    const content = Buffer.from(bytes, 'hex');
    const padded = Buffer.alloc(content.length + 64, 0xee);
    content.copy(padded);
    const words: Words = [0, 0, 0, 0];
    murmur3(new DataView(padded.buffer, padded.byteOffset, padded.length), content.length, words);
    const out = Buffer.alloc(16);
    for (const [at, word] of words.entries()) out.writeUInt32LE(word, at * 4);
    expect(out.toString('hex')).toBe(digest);
  });
});

/** The expected sums are Python's: struct and mmh3, by docs/subscribe.md. */
describe('the sum of events', () => {
  const trades: TradeColumns = {
    timeNs: [1_700_000_000_000_000_001n, 1_700_000_000_000_000_001n],
    seq: [0n, 1n],
    price: [189.5, 189.25],
    size: [100, 7.5],
    conditions: ['@ F', ''],
    venue: ['XNAS', ''],
  };

  it('of trades', () => {
    const sum = sumOfTrades({ source: 'ib', symbol: 'AAPL' }, trades);
    expect([sum.events, hex(sum.hash)]).toEqual([2, '1a7dd7c0732498867a4db769897e0bff']);
  });

  it('of quotes, where a side is missing', () => {
    const sum = sumOfQuotes(
      { source: 'file:ü', symbol: 'EURUSD' },
      {
        timeNs: [-5n],
        seq: [3n],
        bidPrice: [1.0625],
        bidSize: [1e6],
        askPrice: [Number.NaN],
        askSize: [-0],
      },
    );
    expect(hex(sum.hash)).toBe('f2cb5ad95514744068a58d35260c2d4c');
  });

  it('of bars, with and without what is optional', () => {
    const series = { source: 'derived:ib', symbol: 'AAPL', interval: '5m', priceType: 'trade' } as const;
    const first = {
      ...emptyBars(),
      startNs: [1_700_000_000_000_000_000n],
      open: [1.5],
      high: [2.5],
      low: [1.25],
    };
    const flat = {
      ...emptyBars(),
      startNs: [1_700_000_300_000_000_000n],
      open: [2],
      high: [2],
      low: [2],
      close: [2],
    };
    const sum = sumOfBars('bars', series, flat);
    sum.add(
      sumOfBars('bars', series, { ...first, close: [2], volume: [1_000], vwap: [NaN], tradeCount: [17] }),
    );
    expect([sum.events, hex(sum.hash)]).toEqual([2, '4eed24209540de92455297a3e672398b']);
    const day = { ...first, startNs: [0n], close: [2], sessionDate: [20_231_114] };
    const forming = sumOfBars('forming-bars', { ...series, interval: '1d', priceType: 'mid' }, day);
    expect(hex(forming.hash)).toBe('7a7ba28f73589c9c5d4ca90c6455ede1');
  });

  it('of indicators, whatever the order of their outputs', () => {
    const sum = sumOfIndicators(
      {
        source: 'derived:ib',
        symbol: 'AAPL',
        interval: '1m',
        priceType: 'trade',
        specId: 'macd(12,26,9,close)',
      },
      {
        startNs: [60_000_000_000n],
        warm: [true],
        outputs: [
          { name: 'signal', value: [0.5] },
          { name: 'macd', value: [-0.25] },
          { name: 'histogram', value: [Number.NaN] },
        ],
      },
    );
    expect(hex(sum.hash)).toBe('68f35adcbe507b4e7419625c64d1dd78');
  });

  it('does not depend on order or batches, and notices what is missing, doubled or different', () => {
    const series = { source: 's', symbol: 'A' };
    const of = (prices: readonly number[]): EventSum =>
      sumOfTrades(series, {
        ...emptyTrades(),
        timeNs: prices.map(() => 1n),
        seq: prices.map(() => 0n),
        price: [...prices],
        size: prices.map(() => 1),
      });
    fc.assert(
      fc.property(fc.uniqueArray(fc.double({ noNaN: true }), { minLength: 1 }), fc.nat(), (prices, cut) => {
        const at = cut % prices.length;
        const parts = of(prices.slice(at));
        parts.add(of(prices.slice(0, at)));
        expect(parts.equals(of(prices))).toBe(true);
        const [one = 0] = prices.slice(at);
        expect(of([...prices, one]).equals(of(prices))).toBe(false);
        expect(of(prices.filter((price) => price !== one)).equals(of(prices))).toBe(false);
        expect(EventSum.fromBytes(parts.events, parts.toBytes())?.equals(parts)).toBe(true);
      }),
    );
  });

  it('is kept by symbol, source and kind', () => {
    const ledger = new EventLedger();
    const sum = sumOfTrades({ source: 'ib', symbol: 'AAPL' }, trades);
    ledger.add({ symbol: 'B', source: 's', kind: 'trades', sum });
    ledger.add({ symbol: 'A', source: 's', kind: 'quotes', sum });
    ledger.add({ symbol: 'A', source: 's', kind: 'quotes', sum });
    expect(ledger.series().map(({ symbol, kind, sum: { events } }) => [symbol, kind, events])).toEqual([
      ['A', 'quotes', 4],
      ['B', 'trades', 2],
    ]);
    expect(ledger.total.events).toBe(6);
    expect(sum.events).toBe(2);
    expect(ledger.of({ symbol: 'C', source: 's', kind: 'bars' }).events).toBe(0);
  });
});
