import { describe, expect, it } from 'vitest';
import { tableFrames, type MarketTable } from './frames.ts';
import { recogniseHeaders } from './headers.ts';
import { validateTable } from './report.ts';

function table(text: string): MarketTable {
  const [head = '', ...lines] = text.trim().split('\n');
  const rows = lines.map((line) => ({ cells: line.trim().split(',') }));
  return { columns: head.trim().split(','), timeColumns: new Map(), rows };
}

describe('headers as vendors write them', () => {
  it.each([
    ['Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits,Capital Gains', 'bars', 10],
    ['Datetime,Open,High,Low,Close,Volume', 'bars', 6],
    [
      'Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Open,Adj. High,Adj. Low,Adj. Close,Adj. Volume',
      'bars',
      9,
    ],
    [
      'date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor',
      'bars',
      9,
    ],
    ['timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient', 'bars', 9],
    ['Date,AAPL.Open,AAPL.High,AAPL.Low,AAPL.Close,AAPL.Volume,AAPL.Adjusted', 'bars', 7],
    ['Date,Time,Open,High,Low,Close', 'bars', 5],
    ['"",open,high,low,close'.replace('""', ''), 'bars', 5],
    ['symbol,side,price,amount,timestamp', 'trades', 4],
    ['DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL', 'quotes', 6],
  ])('%s', (head, kind, columns) => {
    const found = recogniseHeaders(head.split(','), undefined);
    expect(found.ok && [found.value.kind, found.value.columns.size]).toEqual([kind, columns]);
  });

  it('names the columns where none is a price', () => {
    const found = recogniseHeaders(['Name', 'City'], undefined);
    expect(!found.ok && found.error).toMatch(/its columns are Name, City/);
  });
});

it('reads missing cells, infinities, thousands and dollars; what is no number is a finding', () => {
  const frames = tableFrames(
    table(`Date,Close,Volume
      2024-01-02,null,NaN
      2024-01-03,-inf,$1
      2024-01-04,abc,5`),
    { symbol: 'X' },
  );
  expect(frames.ok && [...(frames.value.frames[0]?.frame.close ?? [])]).toEqual([NaN, -Infinity, NaN]);
  expect(frames.ok && frames.value.problems.map(({ row, rule }) => [row, rule])).toEqual([
    [3, 'number-invalid'],
  ]);
});

it('a value that is no number is found at the time of its row', () => {
  const report = validateTable(
    table('Date,Close\n2024-01-02 00:00:00+01:00,abc\n2024-01-03 00:00:00+01:00,5'),
    {},
  );
  expect(report.ok && report.value.findings).toMatchObject([
    { rule: 'number-invalid', row: 1, time: '2024-01-02T00:00:00+01:00' },
  ]);
});

it('finds out whether the day or the month comes first from all rows', () => {
  const times = (text: string): readonly bigint[] => {
    const frames = tableFrames(table(`Date,Close\n${text}`), {});
    return frames.ok ? [...(frames.value.frames[0]?.frame.timeNs ?? [])] : [];
  };
  const day = (iso: string): bigint => BigInt(Date.parse(iso)) * 1_000_000n;
  expect(times('02/01/2024,1\n13/01/2024,1')).toEqual([day('2024-01-02'), day('2024-01-13')]);
  expect(times('01/02/2024,1\n01/13/2024,1')).toEqual([day('2024-01-02'), day('2024-01-13')]);
});

it('keeps symbols apart, takes the newest version of a day, and writes times with the offset of the file', () => {
  const report = validateTable(
    table(`as_of,ticker,date,open,high,low,close
      20240103,A,2024-01-02 00:00:00+01:00,1,1,1,1
      20240104,A,2024-01-02 00:00:00+01:00,1,2,1,2
      20240103,B,2024-01-02 00:00:00-05:00,1,1,0,1`),
    {},
  );
  expect(report.ok && report.value).toMatchObject({
    rows: 3,
    symbols: 2,
    rowsWithFindings: 1,
    findings: [{ rule: 'bar-price-positive', symbol: 'B', row: 3, time: '2024-01-02T00:00:00-05:00' }],
  });
});
