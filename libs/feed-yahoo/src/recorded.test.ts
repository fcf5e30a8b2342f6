import { errorMessage, TickwellError } from '@tickwell/domain';
import type { FeedItem } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { actions, bars, refusals } from './fixtures/network.ts';
import { FOLDER, readItems, recordedFiles } from './fixtures/recordings.ts';

const FILES = recordedFiles();

/** Answers of a span in which nothing was traded. */
const EMPTY = ['chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json'];

async function summaryOf(file: string): Promise<string> {
  let all: readonly FeedItem[];
  try {
    all = await readItems(file);
  } catch (error) {
    if (!(error instanceof TickwellError)) throw error;
    return `refused as a whole: ${error.code}: ${errorMessage(error)}`;
  }
  const counts = new Map<string, number>();
  const count = (key: string, by: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + by);
  };
  for (const item of all) {
    if (item.kind === 'refused') count(`refused ${item.rule}`, 1);
    else if (item.kind !== 'progress') count(item.kind, item.positions.length);
  }
  return [...counts].map(([key, number]) => `${key} ${number}`).join(', ');
}

describe.skipIf(FILES.length === 0)(`recorded answers (skipped without ${FOLDER})`, () => {
  it('makes events or refusals with a reason of every one of them', async () => {
    const table = new Map<string, string>();
    for (const file of FILES) table.set(file, await summaryOf(file));
    const width = Math.max(...FILES.map(({ length }) => length));
    process.stdout.write(
      `${[...table].map(([file, summary]) => `${file.padEnd(width)}  ${summary || 'nothing was traded'}`).join('\n')}\n`,
    );
    expect([...table].filter(([, summary]) => summary === '').map(([file]) => file)).toEqual(EMPTY);
    expect(table.size).toBe(73);
    expect(table.get('fundamentalsTimeSeries-AAPL-all-quarterly.json.gz')).toMatch(/^fundamentals \d{3}$/);
  });

  it('reads AAPL around its split: 49 sessions, one split, one dividend, prices as they were quoted', async () => {
    const all = await readItems('chart-AAPL-2020-08-31-to-2020-11-07.json');
    const [chunk] = bars(all);
    expect(chunk?.bars.sessionDate).toHaveLength(49);
    expect([chunk?.bars.sessionDate.at(0), chunk?.bars.sessionDate.at(-1)]).toEqual([20_200_831, 20_201_106]);
    expect(chunk?.priceBasis).toBe('raw');
    expect(actions(all).map(({ kind, amount, splitNumerator }) => [kind, amount, splitNumerator])).toEqual([
      ['split', 0, 4],
      ['dividend', 0.205, 0],
    ]);
    expect(refusals(all)).toEqual([]);
  });

  it('reads 199 minutes of which 61 have no prices, the last four of them not yet', async () => {
    const all = await readItems('finance-mock-2018-05-29-1m/chart-1m-USDGBP_X.json');
    const count = bars(all).reduce((sum, chunk) => sum + chunk.positions.length, 0);
    expect([count, refusals(all).length]).toEqual([138, 57]);
  });

  it.each([
    ['chart-BTC-USD-2020-01-01-to-2020-01-03.json', [20_200_101, 20_200_102]],
    ['chart-EURUSD=X-2020-01-01-to-2020-01-03.json', [20_200_101, 20_200_102]],
    ['chart-OCDO.L-2020-01-01-to-2020-01-03.json', [20_200_102]],
    ['chart-0P000071W8.TO-2020-01-01-to-2020-01-03.json', [20_200_102]],
  ])('%s has the sessions of its exchange', async (name, dates) => {
    expect(bars(await readItems(name)).flatMap((chunk) => chunk.bars.sessionDate)).toEqual(dates);
  });

  it.each(['chart-1m-AAPL.json', 'chart-1m-_GSPC.json'])('%s has 390 minutes', async (name) => {
    const all = await readItems(`finance-mock-2018-05-29-1m/${name}`);
    expect(bars(all).flatMap((chunk) => chunk.positions)).toHaveLength(390);
  });
});
