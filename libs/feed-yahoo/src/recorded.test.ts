import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  actions,
  bars,
  history,
  items,
  json,
  network,
  opened,
  refusals,
  type Ask,
} from './fixtures/network.ts';

/** Answers recorded from Yahoo, which are not part of the repository. */
const FOLDER = join(
  process.env['TICKWELL_TEST_DATA'] ?? join(import.meta.dirname, '../../../../shared/data'),
  'yahoo_recorded_http',
);

interface Recording {
  readonly answer: Response;
  /** What had been asked. */
  readonly span: Pick<Ask, 'startNs' | 'endNs'>;
}

function recorded(name: string): Recording {
  const file: unknown = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
  const { request, response } = file as {
    request?: { url: string };
    response?: { status: number; bodyJson: unknown };
  };
  // The bare answers are minutes of one session.
  if (request === undefined || response === undefined)
    return { answer: json(file), span: { startNs: DAY, endNs: DAY + 3n * DAY_NS } };
  const asked = new URL(request.url).searchParams;
  const ns = (name: string): bigint => BigInt(asked.get(name) ?? '0') * 1_000_000_000n;
  return {
    answer: json(response.bodyJson, response.status),
    span: { startNs: ns('period1'), endNs: ns('period2') },
  };
}

const DAY = BigInt(Date.UTC(2018, 4, 28)) * 1_000_000n;
const DAY_NS = 86_400_000_000_000n;

async function read(name: string, ask: Ask): ReturnType<typeof items> {
  const { answer, span } = recorded(name);
  return items(await opened(network(answer).fetch, { ...span, ...ask }));
}

describe.skipIf(!existsSync(FOLDER))(`recorded answers (skipped without ${FOLDER})`, () => {
  it('reads AAPL around its split: 49 sessions, one split, one dividend', async () => {
    const all = await read('chart-AAPL-2020-08-31-to-2020-11-07.json', {});
    const [chunk] = bars(all);
    expect(chunk?.bars.sessionDate).toHaveLength(49);
    expect([chunk?.bars.sessionDate.at(0), chunk?.bars.sessionDate.at(-1)]).toEqual([20_200_831, 20_201_106]);
    expect(actions(all).map(({ kind, amount, splitNumerator }) => [kind, amount, splitNumerator])).toEqual([
      ['split', 0, 4],
      ['dividend', 0.205, 0],
    ]);
    expect(refusals(all)).toEqual([]);
  });

  it('reads 199 minutes of which 61 have no prices', async () => {
    const all = await read('finance-mock-2018-05-29-1m/chart-1m-USDGBP_X.json', {
      interval: '1m',
      ticker: 'USDGBP=X',
    });
    expect(bars(all).reduce((sum, chunk) => sum + chunk.positions.length, 0)).toBe(138);
    expect(refusals(all)).toHaveLength(61);
  });

  it.each([
    ['chart-BTC-USD-2020-01-01-to-2020-01-03.json', '1d', [20_200_101, 20_200_102]],
    ['chart-EURUSD=X-2020-01-01-to-2020-01-03.json', '1d', [20_200_101, 20_200_102]],
    ['chart-OCDO.L-2020-01-01-to-2020-01-03.json', '1d', [20_200_102]],
    ['chart-0P000071W8.TO-2020-01-01-to-2020-01-03.json', '1d', [20_200_102]],
  ] as const)('%s has the sessions of its exchange', async (name, interval, dates) => {
    expect(bars(await read(name, { interval })).flatMap((chunk) => chunk.bars.sessionDate)).toEqual(dates);
  });

  it.each(['chart-1m-AAPL.json', 'chart-1m-_GSPC.json'])('%s has 390 minutes', async (name) => {
    const all = await read(`finance-mock-2018-05-29-1m/${name}`, { interval: '1m' });
    expect(bars(all).flatMap((chunk) => chunk.positions)).toHaveLength(390);
  });

  it.each(['chart-notimestamp-quotes-length.fake.json', 'chart-notimestamp-weird-quote.fake.json'])(
    '%s is refused, not thrown',
    async (name) => {
      const { answer, span } = recorded(name);
      expect(await history(network(answer).fetch, span)).toMatchObject({
        ok: false,
        error: { code: 'yahoo-answer' },
      });
    },
  );

  it('says that a ticker has no data', async () => {
    const { answer, span } = recorded('finance-mock-2018-05-29-1m/chart-1m-error.json');
    expect(await history(network(answer).fetch, span)).toMatchObject({
      ok: false,
      error: { code: 'yahoo-no-data' },
    });
  });
});
