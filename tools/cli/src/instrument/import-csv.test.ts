import { describe, expect, it } from 'vitest';
import { readInstrumentCsv } from './import-csv.ts';

describe('a CSV of instruments', () => {
  it('makes one document of the lines of one id', () => {
    const text = [
      'id,name,currency,source,symbol,from,to,con_id',
      'META,"Meta Platforms, Inc.",USD,yahoo,FB,2012-05-18,2022-06-09,',
      'META,,,yahoo,META,2022-06-09,,',
      'META,,USD,ib,,,,107113386',
      'SPX,S&P 500,,,,,,',
      '',
    ].join('\n');
    const read = readInstrumentCsv(text);
    expect(
      read.ok && read.value.map(({ id, payloadJson }) => [id, JSON.parse(payloadJson) as unknown]),
    ).toEqual([
      [
        'META',
        {
          type: 'stock',
          name: 'Meta Platforms, Inc.',
          currency: 'USD',
          vendors: [
            { source: 'yahoo', symbol: 'FB', from: '2012-05-18', to: '2022-06-09' },
            { source: 'yahoo', symbol: 'META', from: '2022-06-09' },
            { source: 'ib', contract: { conId: 107113386 } },
          ],
        },
      ],
      ['SPX', { type: 'stock', name: 'S&P 500' }],
    ]);
  });

  it.each([
    ['name\nA', ['line 1: the column id is missing']],
    ['id,nmae\nA,b', [expect.stringMatching(/^line 1: no column is called "nmae"; there are id, type,/)]],
    ['id,name\nA', ['line 2: 1 fields, the header has 2']],
    ['id,name\n,b', ['line 2: the id is empty']],
    ['id,name\nA,"b', ['line 2: a quote is not closed']],
    ['id,currency\nA,USD\nA,EUR', ['line 2, 3 (A): line 3 says currency "EUR", an earlier one "USD"']],
    [
      'id,calendar\nA,NYSE\nB,xnys\nC,XNYZ',
      [
        'line 4 (C): instrument.calendar "XNYZ" is no calendar: nearest are XNYS, XNAS, XLON; "tickwell calendar list" shows all',
      ],
    ],
    ['id,multiplier\nA,ten', ['line 2 (A): instrument.multiplier must be a number']],
    [
      'id,source,symbol\nA,yahoo,X\nB,yahoo,X',
      [expect.stringMatching(/^line 3 \(B\): yahoo "X" is claimed always, but it is A's always/)],
    ],
  ])('%j says what is wrong, and where', (text, problems) => {
    expect(readInstrumentCsv(text)).toEqual({ ok: false, error: problems });
  });
});
