import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pour } from '../get/file-out.ts';
import { csvSink } from '../get/text-sinks.ts';
import { indicatorTable } from './indicator-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'tickwell-indicators-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(lines: readonly string[]): string {
  const path = join(folder, `prices-${lines.length}.csv`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** CSV and notes, or the error. */
async function shown(
  lines: readonly string[],
  spec: string,
  flags: { readonly calendar?: string } = {},
): Promise<readonly string[]> {
  const table = await indicatorTable(written(lines), { spec, ...flags });
  if (!table.ok) return [table.error.replace(folder, '')];
  let text = '';
  const sink = csvSink((part) => {
    text += part;
    return Promise.resolve();
  }, table.value.format);
  await pour([table.value.chunk], sink);
  return [...text.trimEnd().split('\n'), ...table.value.notes.map((note) => note.replace(folder, ''))];
}

describe('tickwell indicators', () => {
  it('gives a row per row, in the order and with the times of the file, empty where not warm', async () => {
    const lines = [
      'Datetime,Open,High,Low,Close,Volume',
      '2024-01-04 00:00:00+01:00,3,3,3,3,1',
      '2024-01-03 00:00:00+01:00,2,2,2,2,1',
      'someday,9,9,9,9,9',
      '2024-01-02 00:00:00+01:00,1,1,1,1,1',
    ];
    expect(await shown(lines, 'SMA(2),bbands(2,1)')).toEqual([
      'time,SMA(2),"bbands(2,1).upper","bbands(2,1).middle","bbands(2,1).lower"',
      '2024-01-04T00:00:00+01:00,2.5,3,2.5,2',
      '2024-01-03T00:00:00+01:00,1.5,2,1.5,1',
      ',,,,',
      '2024-01-02T00:00:00+01:00,,,,',
      '/prices-5.csv: row 3: "someday" is not a time as the others are',
    ]);
  });

  it('computes each instrument of a file by itself', async () => {
    const lines = [
      'Date,Ticker,Close',
      '2024-01-02,A,1',
      '2024-01-02,B,10',
      '2024-01-03,A,3',
      '2024-01-03,B,30',
    ];
    expect(await shown(lines, 'mom(1)')).toEqual([
      'time,symbol,mom(1)',
      '2024-01-02T00:00:00Z,A,',
      '2024-01-02T00:00:00Z,B,',
      '2024-01-03T00:00:00Z,A,2',
      '2024-01-03T00:00:00Z,B,20',
    ]);
  });

  const MINUTES = [
    'Time,Open,High,Low,Close,Volume',
    '2024-07-03T16:59:00Z,10,10,10,10,1',
    '2024-07-03T17:00:00Z,20,20,20,20,1',
    '2024-07-05T13:30:00Z,40,40,40,40,1',
    '2035-01-02T15:00:00Z,90,90,90,90,1',
  ];

  it('begins anew with a session of the calendar that is named; after the close the next one has begun', async () => {
    expect(await shown(MINUTES, 'vwap(session),vwap(none)', { calendar: 'XNYS' })).toEqual([
      'time,vwap(session),vwap(none)',
      '2024-07-03T16:59:00Z,10,10',
      '2024-07-03T17:00:00Z,20,15',
      '2024-07-05T13:30:00Z,30,23.333333333333332',
      '2035-01-02T15:00:00Z,,40',
      '/prices-5.csv: vwap(session): 1 row from row 4 on have no number it can use for volume, high, low, close, sessionDate: left empty',
    ]);
  });

  it('takes each row of a day for a session of its own', async () => {
    const lines = ['Date,High,Low,Close,Volume', '2024-01-02,1,1,1,5', '2024-01-03,3,3,3,5'];
    expect(await shown(lines, 'vwap(session)')).toEqual([
      'time,vwap(session)',
      '2024-01-02T00:00:00Z,1',
      '2024-01-03T00:00:00Z,3',
    ]);
  });

  it('names the flag that an indicator by session needs, and a calendar that there is not', async () => {
    expect(await shown(MINUTES, 'sma(2),vwap(session)')).toEqual([
      '/prices-5.csv: vwap(session) needs sessionDate, of which there is no column; name the calendar of the sessions with --calendar, for example --calendar XNYS',
    ]);
    expect(await shown(MINUTES, 'sma(2)', { calendar: 'NOWHERE' })).toEqual([
      expect.stringMatching(/^no calendar is called "NOWHERE": there are XNYS/),
    ]);
  });

  it('says which rows it left out, and why', async () => {
    const lines = [
      'Date,Close',
      '2024-01-02,1',
      '2024-01-02,5',
      '2024-01-03,',
      '2024-01-04,3',
      '2024-01-05,4',
    ];
    expect(await shown(lines, 'sma(2)')).toEqual([
      'time,sma(2)',
      '2024-01-02T00:00:00Z,',
      '2024-01-02T00:00:00Z,',
      '2024-01-03T00:00:00Z,',
      '2024-01-04T00:00:00Z,2',
      '2024-01-05T00:00:00Z,3.5',
      '/prices-6.csv: 1 row from row 2 on repeat the time of a row before: left empty',
      '/prices-6.csv: sma(2): 1 row from row 3 on have no number it can use for close: left empty',
    ]);
  });

  it.each([
    [['Date,Close'], 'sma(2)', /there is no row that can be read/],
    [
      ['Date,Close', '2024-01-02,1'],
      'sma(0)',
      /^\/prices-2.csv: indicator specification "sma\(0\)" has period "0"/,
    ],
    [
      ['Date,Close', '2024-01-02,1'],
      'atr(3)',
      /^\/prices-2.csv: atr\(3\) needs high, low, of which there is no column$/,
    ],
    [['Time,Bid,Ask', '2024-01-02,1,2'], 'sma(2)', /the file holds quotes, indicators need bars/],
    [['Date,Price of it', '2024-01-02,1'], 'sma(2)', /no column for/],
  ])('refuses %j with %s', async (lines, spec, message) => {
    const found = await shown(lines, spec);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });
});
