import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from './message-text.ts';
import { parsePath } from './path.ts';
import { batchesOf, Requests, type Topic } from './requests.ts';
import { SequenceTracker } from './sequence-tracker.ts';
import { fill, placeholdersOf } from './template.ts';
import { readNumber, readTime, readWhole, type TimeUnit } from './values.ts';

const valueAt = (text: string, message: unknown, element: unknown = message): unknown => {
  const path = parsePath(text);
  return path.ok ? path.value.read(message, element) : path.error;
};

describe('a path', () => {
  // Trades of Kraken, of Bitfinex, and bars of Binance as their documentations show them.
  const kraken = [0, [['5541.20000', '0.15850568', '1534614057.321597', 's', 'l', '']], 'trade', 'XBT/USD'];

  it.each([
    ['[2]', kraken, 'trade'],
    ['[1][0][2]', kraken, '1534614057.321597'],
    ['$[3]', kraken, 'XBT/USD'],
    ['data.k.t', { data: { k: { t: 7 } } }, 7],
    ['data[1].p', { data: [{ p: 1 }, { p: 2 }] }, 2],
    ['$', 'all', 'all'],
    ['a.b', { a: null }, undefined],
    ['a.b', { a: 'text' }, undefined],
    ['[0]', { 0: 'no list' }, undefined],
    ['constructor', {}, undefined],
    ['length', [1, 2], 2],
  ])('%s reads its place', (text, message, value) => {
    expect(valueAt(text, message)).toEqual(value);
  });

  it('starts at the event, or with $ at the message', () => {
    expect(valueAt('p', { p: 1 }, { p: 2 })).toBe(2);
    expect(valueAt('$.p', { p: 1 }, { p: 2 })).toBe(1);
  });

  it.each(['', '.', 'a.', '.a', 'a..b', 'a[', 'a[]', 'a[x]', '[0]a', 'a]'])('is refused: %s', (text) => {
    expect(parsePath(text).ok).toBe(false);
  });
});

describe('a message', () => {
  it('keeps whole numbers that a double would round', () => {
    const text =
      '{"t":1626992741012345678,"a":[-9007199254740993],"s":"12345678901234567890","f":0.12345678901234567890,"e":1e3}';
    expect(parseMessage(text)).toEqual({
      ok: true,
      value: {
        t: '1626992741012345678',
        a: ['-9007199254740993'],
        s: '12345678901234567890',
        f: 0.12345678901234568,
        e: 1000,
      },
    });
  });

  it('is otherwise what JSON says, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/(?<![\d.])\d{16}/.test(text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')));
        expect(parseMessage(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
      }),
    );
  });
});

describe('values', () => {
  it.each<[unknown, TimeUnit, bigint]>([
    ['1534614057.321597', 's', 1_534_614_057_321_597_000n],
    [1_626_992_741_012, 'ms', 1_626_992_741_012_000_000n],
    [1_626_992_741_012.5, 'ms', 1_626_992_741_012_500_000n],
    ['1626992741012345', 'us', 1_626_992_741_012_345_000n],
    ['1626992741012345678', 'ns', 1_626_992_741_012_345_678n],
    ['2021-04-17T16:43:30.244075Z', 'iso', 1_618_677_810_244_075_000n],
  ])('%s in %s is a time', (value, unit, ns) => {
    expect(readTime(value, unit)).toEqual({ ok: true, value: ns });
  });

  it.each<[unknown, TimeUnit]>([
    ['', 's'],
    ['now', 's'],
    [null, 'ms'],
    [{}, 'ms'],
    ['1e9', 's'],
    [1, 'iso'],
    ['2021-02-30T00:00:00Z', 'iso'],
  ])('%j in %s is none', (value, unit) => {
    expect(readTime(value, unit).ok).toBe(false);
  });

  it('numbers may be texts, and nothing else', () => {
    for (const [value, number] of [
      [1.5, 1.5],
      ['1.50', 1.5],
      ['-2e-3', -0.002],
      [null, undefined],
      [undefined, undefined],
    ] as const)
      expect(readNumber(value)).toEqual({ ok: true, value: number });
    for (const value of ['', 'NaN', 'Infinity', '0x10', '1,5', true, [], {}])
      expect(readNumber(value).ok).toBe(false);
    expect(readWhole('9223372036854775807')).toEqual({ ok: true, value: 9_223_372_036_854_775_807n });
    for (const value of ['9223372036854775808', '-1', 1.5, '1.0', null, ''])
      expect(readWhole(value).ok).toBe(false);
  });
});

describe('a template', () => {
  it('is filled: a list where a placeholder is all of a text, else joined', () => {
    const values = (name: string): readonly string[] | number | undefined =>
      name === 'topics' ? ['a', 'b'] : name === 'id' ? 7 : undefined;
    const template = { args: '{topics}', text: 'on:{topics}', id: '{id}', deep: [{ x: '{id}!' }], n: null };
    expect(fill(template, values)).toEqual({
      ok: true,
      value: { args: ['a', 'b'], text: 'on:a,b', id: 7, deep: [{ x: '7!' }], n: null },
    });
    expect(placeholdersOf(template)).toEqual(['topics', 'id']);
    expect(fill('{secret:key}', values)).toEqual({ ok: false, error: '{secret:key} has no value' });
  });
});

describe('a count of a feed', () => {
  it('names each number once: as next, late or repeat', () => {
    // Any order of numbers in which none is too far back: each is new the first time, and a repeat after that.
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 40n }), { minLength: 1, maxLength: 60 }), (numbers) => {
        const tracker = new SequenceTracker('one');
        const first = numbers[0] ?? 0n;
        const seen = new Set<bigint>();
        for (const number of numbers) {
          const { kind } = tracker.check(number, 0n);
          // What is before the first one heard was not missed.
          if (number >= first) expect(kind === 'repeat').toBe(seen.has(number));
          seen.add(number);
        }
      }),
    );
  });

  it('counts what is missing', () => {
    const tracker = new SequenceTracker('one');
    const missing = [10n, 11n, 15n, 16n, 30n].map((number) => {
      const verdict = tracker.check(number);
      return verdict.kind === 'gap' ? verdict.missing : 0n;
    });
    expect(missing).toEqual([0n, 0n, 3n, 0n, 13n]);
    expect(new SequenceTracker('increasing').check(5n).kind).toBe('next');
  });
});

describe('requests', () => {
  const topic = (text: string, channel = 'c'): Topic => ({
    text,
    channel,
    ticker: text,
    symbol: text,
    series: 'trades',
    interval: '',
  });
  const [a, b, c] = [topic('a'), topic('b'), topic('c', 'd')];

  it('go out in batches of one channel', () => {
    expect(batchesOf([a, b, c], 10)).toEqual([[a, b], [c]]);
    expect(batchesOf([a, b, c], 1)).toEqual([[a], [b], [c]]);
  });

  it('are answered by topic, by id, or in their order', () => {
    const requests = new Requests();
    requests.sent({ id: 1, topics: [a, b] }, 0);
    requests.sent({ id: 2, topics: [c] }, 50);
    expect(requests.acknowledge({ topics: ['b', 'zzz'], id: undefined })).toEqual([b]);
    expect(requests.overdue(10)).toEqual([a]);
    expect(requests.acknowledge({ topics: [], id: '2' })).toEqual([c]);
    expect(requests.isSettled).toBe(false);
    expect(requests.acknowledge({ topics: [], id: undefined })).toEqual([a]);
    expect(requests.isSettled).toBe(true);
    expect(requests.acknowledge({ topics: [], id: undefined })).toEqual([]);
  });

  it('that are rejected as a whole are to be asked for one by one', () => {
    const requests = new Requests();
    requests.sent({ id: 1, topics: [a, b] }, 0);
    expect(requests.reject({ topics: [], id: '1' })).toEqual({ rejected: [], again: [a, b] });
    requests.sent({ id: 2, topics: [a] }, 0);
    expect(requests.reject({ topics: [], id: undefined })).toEqual({ rejected: [a], again: [] });
  });
});
