import { describe, expect, it } from 'vitest';
import { BarsBook } from './bars-book.ts';
import { checkBarsDocument, readBarsDocument, type BarSelection } from './document.ts';

function read(document: unknown): BarSelection {
  const found = readBarsDocument(JSON.stringify(document));
  if (!found.ok) throw new Error(found.error.join());
  return found.value;
}

describe('documents of kind bars', () => {
  it('say which bars are built of which ticks, and how', () => {
    const document = {
      bars: ['1m', '100tick'],
      symbols: ['AAPL'],
      sources: ['ib'],
      priceTypes: ['mid'],
      alignment: 'sessions',
      calendar: 'XNYS',
      empty: 'carried',
      formingMs: 1_000,
      correctableBars: 10,
    };
    expect(checkBarsDocument(document)).toEqual([]);
    expect(read({ bars: [] })).toMatchObject({ lengths: [], alignment: 'utc', empty: 'absent' });
  });

  it.each([
    [{}, 'bars.bars is required'],
    [{ bars: ['7m'] }, 'bars.bars[0] interval "7m" does not divide a day'],
    [{ bars: ['1m', '1m'] }, 'bars.bars[1] 1m is named twice'],
    [{ bars: ['1m'], alignment: 'local' }, 'bars.alignment must be one of'],
    [{ bars: ['1m'], calendar: 'NOWHERE' }, 'bars.calendar no calendar is called "NOWHERE"'],
    [{ bars: ['1m'], formingMs: 1.5 }, 'bars.formingMs must be a whole number from 10'],
    [{ bars: ['1m'], correctableBars: 0 }, 'bars.correctableBars must be a whole number from 1 to 1000'],
    [{ bars: ['1m'], symbols: [] }, 'bars.symbols must be a list of 1 to 20000'],
    [{ bars: ['1m'], priceTypes: ['last'] }, 'bars.priceTypes[0] must be one of trade, bid, ask, mid'],
    [{ bars: ['1m'], more: 1 }, 'more'],
    [{ bars: ['1m', '9volume'], priceTypes: ['trade', 'mid'] }, 'bars.bars[1] 9volume never fills of mid'],
    [{ bars: ['9dollar'], priceTypes: ['bid', 'ask'] }, 'bars.bars[0] 9dollar never fills of bid, ask'],
  ])('are refused: %o', (document, problem) => {
    expect(checkBarsDocument(document).join('\n')).toContain(problem);
  });

  it('of quotes may end by ticks, and what is in the log goes on where it would be refused now', () => {
    expect(checkBarsDocument({ bars: ['9tick', '1m'], priceTypes: ['mid'] })).toEqual([]);
    expect(checkBarsDocument({ bars: ['9volume', '9dollar'] })).toEqual([]);
    expect(read({ bars: ['1m', '9volume'], priceTypes: ['trade', 'mid'] }).lengths.length).toBe(2);
  });

  it('are refused where they are no JSON', () => {
    expect(readBarsDocument('{')).toEqual({ ok: false, error: ['the document is no JSON'] });
  });

  it('together: each bar once, the same plans for the same choice', () => {
    const selections = [
      read({ bars: ['1m', '5m'] }),
      read({ bars: ['5m', '1d'], symbols: ['AAPL', 'MSFT'], empty: 'carried' }),
      read({ bars: ['1d'], symbols: ['AAPL'], alignment: 'sessions' }),
    ];
    const book = new BarsBook(selections, (symbol) => (symbol === 'AAPL' ? 'XNYS' : ''));
    const of = (symbol: string) => book.of({ symbol, source: 'ib', priceType: 'trade' });
    const told = (symbol: string) =>
      of(symbol).map((plan) =>
        plan.kind === 'time' ? `${plan.grid.interval.text} ${plan.grid.id} ${plan.empty}` : '',
      );
    expect(told('AAPL')).toEqual(['1m  absent', '5m  absent', '1d  carried', '1d XNYS absent']);
    expect(told('MSFT')).toEqual(['1m  absent', '5m  absent', '1d  carried']);
    expect(of('X')).toBe(of('Y'));
    expect(book.of({ symbol: 'AAPL', source: 'ib', priceType: 'bid' })).toEqual([]);
  });
});
