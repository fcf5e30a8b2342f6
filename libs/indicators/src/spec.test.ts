import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUILT_IN } from './registry.ts';
import { parseSpec, parseSpecList } from './spec.ts';

describe('parseSpec', () => {
  it.each([
    ['sma(20)', 'sma(20,close)'],
    [' SMA ( 20 , HL2 ) ', 'sma(20,hl2)'],
    ['ema(010)', 'ema(10,close)'],
    ['macd(12,26,9)', 'macd(12,26,9,close)'],
    ['bbands(20,2.50)', 'bbands(20,2.5,close)'],
    ['bbands(20,2.0,vwap)', 'bbands(20,2,vwap)'],
    ['ATR(14)', 'atr(14)'],
    ['vwap(UTC-Day)', 'vwap(utc-day,vwap)'],
    ['vwap(none,hlc3)', 'vwap(none,hlc3)'],
    ['sma(10000)', 'sma(10000,close)'],
  ])('%s has the id %s', (text, id) => {
    const result = parseSpec(text);
    expect(result.ok && result.spec.id).toBe(id);
  });

  it.each([
    ['EMA( 9, RSI(14) )', 'ema(9,rsi(14,close))', 14 + 8, 'series'],
    ['sma(5,sma(4,hl2))', 'sma(5,sma(4,hl2))', 4 + 3, 'window'],
    ['sma(5, macd(12,26,9).Signal)', 'sma(5,macd(12,26,9,close).signal)', 33 + 4, 'series'],
    ['sma(2,sma(3,heikinashi().high))', 'sma(2,sma(3,heikinashi().high))', 3, 'series'],
    ['sma(5,vwap(utc-day))', 'sma(5,vwap(utc-day,vwap))', 4, 'series'],
  ])('reads an indicator of an indicator: %s', (text, id, lookback, memory) => {
    const parsed = parseSpec(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect(parsed.spec).toMatchObject({ id, lookback, memory, source: null });
    expect(parseSpec(id)).toEqual(parsed);
  });

  it('says what the indicator needs and gives', () => {
    const result = parseSpec('macd(12,26,9)');
    expect(result.ok && result.spec).toMatchObject({
      parameters: [12, 26, 9],
      source: 'close',
      outputs: ['macd', 'signal', 'histogram'],
      lookback: 33,
      memory: 'series',
    });
    expect(result.ok && Object.isFrozen(result.spec) && Object.isFrozen(result.spec.parameters)).toBe(true);
  });

  it.each([
    ['', 'syntax', 1, 'is not of the form name(parameter,…), e.g. sma(20) or macd(12,26,9)'],
    ['sma', 'syntax', 1, 'is not of the form'],
    ['sma(20', 'syntax', 1, 'is not of the form'],
    ['sma(20))', 'syntax', 1, 'is not of the form'],
    ['sma(sma(3))', 'range', 5, 'has period "sma(3)", allowed is a whole number from 1 to 10000'],
    ['sma(3,smma(3))', 'unknown', 7, 'names no indicator with "smma"; known are'],
    ['sma(3,rsi(1))', 'range', 11, 'has period "1", allowed is a whole number from 2'],
    [
      'sma(3,macd(3,6,2))',
      'source',
      7,
      'names none of the outputs of macd: write macd(3,6,2).macd or macd(3,6,2).signal or',
    ],
    ['sma(3,macd(3,6,2).slow)', 'source', 7, 'names "slow" of the outputs of macd: write'],
    ['sma(3)(4)', 'syntax', 1, 'is not of the form'],
    ['atr(3,rsi(2))', 'arguments', 7, 'has 2 arguments, atr takes period: write'],
    ['ema(2,'.repeat(6) + 'close' + ')'.repeat(6), 'syntax', 31, 'has more than 5 indicators within each'],
    [`sma(${'1'.repeat(200)})`, 'syntax', 1, 'is 205 characters long, at most 200 are read'],
    [
      ' smma(20)',
      'unknown',
      2,
      `names no indicator with "smma"; known are ${[...BUILT_IN.keys()].sort().join(', ')}`,
    ],
    ['constructor(1)', 'unknown', 1, 'names no indicator'],
    ['sma()', 'arguments', 4, 'has 0 arguments, sma takes period and may take a source: write e.g. sma(20)'],
    [
      'macd(12,26)',
      'arguments',
      5,
      'takes fast, slow, signal and may take a source: write e.g. macd(12,26,9)',
    ],
    ['atr(14, close)', 'arguments', 9, 'has 2 arguments, atr takes period: write e.g. atr(14)'],
    ['sma(20, x)', 'source', 9, 'has source "x", allowed is open, high, low, close, volume, hl2'],
    ['sma(20,)', 'source', 8, 'has source "", allowed is open'],
    ['sma(0)', 'range', 5, 'has period "0", allowed is a whole number from 1 to 10000'],
    ['sma(10001)', 'range', 5, 'allowed is a whole number from 1 to 10000'],
    ['sma(2.5)', 'range', 5, 'has period "2.5", allowed is a whole number'],
    ['sma(-3)', 'range', 5, 'has period "-3"'],
    ['sma(1e3)', 'range', 5, 'has period "1e3"'],
    ['rsi(1)', 'range', 5, 'allowed is a whole number from 2 to 10000'],
    ['bbands(20, 0)', 'range', 12, 'has deviations "0", allowed is a number from 0.01 to 100'],
    ['vwap(week)', 'range', 6, 'has anchor "week", allowed is none or session or utc-day'],
    ['macd(26,12,9)', 'range', 6, 'breaks a rule: fast must be less than slow, e.g. macd(12,26,9)'],
  ])('refuses "%s": %s at character %i', (text, reason, position, what) => {
    const result = parseSpec(text);
    if (result.ok) throw new Error('accepted');
    const shown = text.length > 200 ? `${text.slice(0, 40)}…` : text;
    expect(result.error).toMatchObject({ code: `indicator-spec-${reason}`, position, retryable: false });
    expect(result.error.message).toContain(`indicator specification "${shown}" `);
    expect(result.error.message).toContain(what);
    expect(result.error.message).toContain(`(character ${position})`);
  });

  it('never throws, and every accepted text has an id that means the same', () => {
    const names = fc.constantFrom(...BUILT_IN.keys(), 'x');
    const words = fc.array(
      fc.oneof(fc.nat(100).map(String), fc.constantFrom('close', 'utc-day', '', ' 2.5 ', 'é')),
    );
    const shaped = fc.tuple(names, words).map(([name, list]) => `${name}(${list.join(',')})`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), shaped), (text) => {
        const result = parseSpec(text);
        if (!result.ok) expect(result.error.message).toContain('indicator specification');
        else expect(parseSpec(result.spec.id)).toEqual(result);
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseSpecList', () => {
  it('cuts at the commas between specifications only', () => {
    const result = parseSpecList('RSI(14), MACD(12,26,9),\n vwap(none)');
    expect(result.ok && result.specs.map(({ id }) => id)).toEqual([
      'rsi(14,close)',
      'macd(12,26,9,close)',
      'vwap(none,vwap)',
    ]);
  });

  it('reports every error at its place in the list, and no specification twice', () => {
    const result = parseSpecList('sma(0),ema(12), EMA(12,close),nope(1),');
    if (result.ok) throw new Error('accepted');
    expect(result.errors.map(({ code, position }) => [code, position])).toEqual([
      ['indicator-spec-range', 5],
      ['indicator-spec-duplicate', 17],
      ['indicator-spec-unknown', 31],
      ['indicator-spec-syntax', 39],
    ]);
  });

  it('is bounded', () => {
    const result = parseSpecList(Array.from({ length: 1_001 }, (_, index) => `sma(${index + 1})`).join(','));
    expect(!result.ok && result.errors[0]?.message).toContain(
      'has 1001 specifications, at most 1000 are read',
    );
  });
});
