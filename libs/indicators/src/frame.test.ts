import { describe, expect, it } from 'vitest';
import { barsOf, columnsOf } from './fixtures/bars.ts';
import { randomSeries } from './fixtures/random-series.ts';
import { calculateTechnicalIndicators, type IndicatorFrame, type TechnicalIndicators } from './frame.ts';
import type { IndicatorInput } from './input.ts';

function frameOf(bars: readonly IndicatorInput[]): IndicatorFrame {
  const column = (name: 'open' | 'high' | 'low' | 'close' | 'volume'): Float64Array =>
    Float64Array.from(bars, (bar) => bar[name]);
  return {
    timeNs: BigInt64Array.from(bars, ({ startNs }) => startNs),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    vwap: Float64Array.from(bars, ({ vwap }) => vwap ?? NaN),
    sessionDate: Float64Array.from(bars, ({ sessionDate }) => sessionDate ?? NaN),
  };
}

function calculated(frame: IndicatorFrame, specs: string): TechnicalIndicators {
  const result = calculateTechnicalIndicators(frame, specs);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function valuesOf({ columns }: TechnicalIndicators): number[][] {
  return columns.map(({ values }) => Array.from(values));
}

describe('indicators of a frame', () => {
  const bars = randomSeries(3, 200, 'cents');

  it('are named as they were written, a column an output, and are those of the engine', () => {
    const found = calculated(
      frameOf(bars),
      'RSI(14), Macd( 12,26,9 ),vwap(utc-day),vwap(session),ema(3,atr(5))',
    );
    expect(found.columns.map(({ name }) => name)).toEqual([
      'RSI(14)',
      'Macd( 12,26,9 ).macd',
      'Macd( 12,26,9 ).signal',
      'Macd( 12,26,9 ).histogram',
      'vwap(utc-day)',
      'vwap(session)',
      'ema(3,atr(5))',
    ]);
    const specs = ['rsi(14)', 'macd(12,26,9)', 'vwap(utc-day)', 'vwap(session)', 'ema(3,atr(5))'];
    expect(valuesOf(found)).toEqual(specs.flatMap((spec) => columnsOf(spec, bars)));
    expect(found.skipped).toEqual([]);
  });

  it('do not depend on the order of the rows, and stay with theirs', () => {
    const shuffled = bars.map((_bar, index) => bars[(index * 77) % bars.length]!);
    const inOrder = calculated(frameOf(bars), 'rsi(5),obv()');
    const found = calculated(frameOf(shuffled), 'rsi(5),obv()');
    const expected = valuesOf(inOrder).map((values) =>
      bars.map((_bar, index) => values[(index * 77) % bars.length]),
    );
    expect(valuesOf(found)).toEqual(expected);
  });

  it('skip what repeats a time, and say so', () => {
    const [first, second, third] = barsOf([1, 2, 6]);
    const again = { ...second!, close: 99 };
    const found = calculated(frameOf([first!, second!, again, third!]), 'sma(2)');
    expect(valuesOf(found)).toEqual([[NaN, 1.5, NaN, 4]]);
    expect(found.skipped).toEqual([
      { spec: undefined, reason: 'repeat the time of a row before', rows: 1, first: 2 },
    ]);
  });

  it('skip rows without a number they need, each by itself, and take a missing volume for 0', () => {
    const some = barsOf([1, 2, 3, 4, 5]).map((bar) => ({ ...bar }));
    some[1]!.high = NaN;
    some[2]!.close = Infinity;
    some[3]!.volume = NaN;
    some[4]!.volume = -1;
    const found = calculated(frameOf(some), 'sma(1),sma(1,high),obv()');
    expect(valuesOf(found)).toEqual([
      [1, 2, NaN, 4, 5],
      [1, NaN, 3, 4, 5],
      [1, 2, NaN, 2, NaN],
    ]);
    expect(found.skipped).toEqual([
      { spec: 'sma(1)', reason: 'have no number it can use for close', rows: 1, first: 2 },
      { spec: 'sma(1,high)', reason: 'have no number it can use for high', rows: 1, first: 1 },
      { spec: 'obv()', reason: 'have no number it can use for volume, close', rows: 2, first: 2 },
    ]);
  });

  it('of nothing, and of too few rows, have no values', () => {
    expect(valuesOf(calculated(frameOf([]), 'sma(3)'))).toEqual([[]]);
    expect(valuesOf(calculated(frameOf(barsOf([1, 2])), 'sma(3)'))).toEqual([[NaN, NaN]]);
  });

  it.each([
    ['rsi(14),foo(3)', /names no indicator with "foo"/],
    ['rsi(1)', /has period "1", allowed is a whole number from 2/],
    [
      'atr(3),sma(2,ohlc4)',
      /^atr\(3\) needs high, low, of which there is no column; sma\(2,ohlc4\) needs open, high, low/,
    ],
    ['ema(2,ad())', /^ema\(2,ad\(\)\) needs high, low, volume/],
  ])('refuse %s', (specs, message) => {
    const { timeNs, close } = frameOf(barsOf([1, 2, 3]));
    const result = calculateTechnicalIndicators({ timeNs, close }, specs);
    expect(result.ok ? '' : result.error).toMatch(message);
  });
});
