import { describe, expect, it } from 'vitest';
import { checkIndicatorDocument, readIndicatorDocument, type IndicatorSelection } from './document.ts';
import { IndicatorPlan, type BarSeriesName } from './plan.ts';

function selection(document: object): IndicatorSelection {
  const read = readIndicatorDocument(JSON.stringify(document));
  if (read.selection === undefined) throw new Error(read.problems.join('; '));
  return read.selection;
}

function idsOf(plan: IndicatorPlan, series: Partial<BarSeriesName> = {}): string[] {
  const usual = { symbol: 'AAPL', source: 'yahoo', interval: '1d', priceType: 'trade' } as const;
  return plan.of({ ...usual, ...series }).map(({ id }) => id);
}

describe('a document of kind indicator', () => {
  it('is right with specifications alone, or with lists of what they are for', () => {
    expect(checkIndicatorDocument({ specs: ['sma(20)', 'ema(9,rsi(14))'] })).toEqual([]);
    expect(checkIndicatorDocument({ specs: [] })).toEqual([]);
    const all = { symbols: ['AAPL'], sources: ['derived:ib'], intervals: ['1m', '1d'], priceTypes: ['mid'] };
    expect(checkIndicatorDocument({ specs: ['sma(20)'], ...all })).toEqual([]);
  });

  it.each([
    [{}, 'indicator.specs is required'],
    [[], 'indicator must be an object'],
    [{ specs: 'sma(20)' }, 'indicator.specs must be a list'],
    [
      { specs: ['sma(20)', 'smo(2)'] },
      'indicator.specs[1]: indicator specification "smo(2)" names no indicator',
    ],
    [{ specs: ['sma(0)'] }, 'allowed is a whole number from 1 to 10000'],
    [{ specs: [5] }, 'indicator.specs[0] must be a specification such as "sma(20)"'],
    [{ specs: ['sma(20)', 'SMA(20,close)'] }, 'indicator.specs[1] asks for sma(20,close) again'],
    [{ specs: [], intervals: ['7m'] }, 'indicator.intervals[0] interval "7m" does not divide a day'],
    [{ specs: [], symbols: ['A B'] }, 'indicator.symbols[0] "A B" is not an instrument id'],
    [{ specs: [], symbols: [] }, 'indicator.symbols must be a list of 1 to 20000; leave it out for all'],
    [{ specs: [], sources: ['', 'x\n'] }, 'indicator.sources[0] must be the name of a source'],
    [{ specs: [], sources: ['ib', 'ib'] }, 'indicator.sources[1] ib is named twice'],
    [{ specs: [], priceTypes: ['last'] }, 'indicator.priceTypes[0] must be one of trade, bid, ask, mid'],
    [{ specs: [], symbol: 'AAPL' }, 'indicator.symbol is not known'],
  ])('%j is refused: %s', (document, problem) => {
    expect(checkIndicatorDocument(document).join('; ')).toContain(problem);
  });

  it('that is wrong in the log is left out: a specification alone, or all of it where it does not say of what', () => {
    const read = readIndicatorDocument('{"specs":["sma(2)","smo(2)"],"symbols":["AAPL"]}');
    expect(read.selection?.specs.map(({ id }) => id)).toEqual(['sma(2,close)']);
    expect(read.problems).toEqual([expect.stringContaining('smo')]);
    expect(readIndicatorDocument('{"specs":["sma(2)"],"symbols":"AAPL"}').selection).toBeUndefined();
    expect(readIndicatorDocument('{').problems).toEqual(['the document is no JSON']);
  });
});

describe('a plan', () => {
  const plan = new IndicatorPlan([
    selection({ specs: ['sma(2)', 'ema(2)'], intervals: ['1d'] }),
    selection({ specs: ['rsi(2)', 'sma(2)'], symbols: ['AAPL'], sources: ['yahoo'] }),
    selection({ specs: ['atr(2)'], priceTypes: ['mid'] }),
  ]);

  it('adds up what the selections say of a series, each specification once', () => {
    expect(idsOf(plan)).toEqual(['sma(2,close)', 'ema(2,close)', 'rsi(2,close)']);
    expect(idsOf(plan, { interval: '1m' })).toEqual(['rsi(2,close)', 'sma(2,close)']);
    expect(idsOf(plan, { symbol: 'MSFT' })).toEqual(['sma(2,close)', 'ema(2,close)']);
    expect(idsOf(plan, { source: 'ib', interval: '1m' })).toEqual([]);
    expect(idsOf(plan, { symbol: 'X', interval: '1h', priceType: 'mid' })).toEqual(['atr(2)']);
  });

  it('has one list for all series that have the same', () => {
    const series = { source: 'ib', interval: '1d', priceType: 'trade' } as const;
    expect(plan.of({ ...series, symbol: 'A' })).toBe(plan.of({ ...series, symbol: 'B' }));
  });

  it('computes a bounded number a series', () => {
    const many = (from: number): object => ({
      specs: Array.from({ length: 600 }, (_, index) => `sma(${from + index})`),
    });
    expect(idsOf(new IndicatorPlan([selection(many(1)), selection(many(1_001))]))).toHaveLength(1_000);
  });
});
