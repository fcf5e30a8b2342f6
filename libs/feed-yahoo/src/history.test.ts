import { formatNs, parseIsoTime } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import {
  bars,
  chart,
  FakeClock,
  history,
  items,
  json,
  network,
  refusals,
  type Ask,
} from './fixtures/network.ts';

function ns(iso: string): bigint {
  const parsed = parseIsoTime(iso);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function seconds(iso: string): number {
  return Number(ns(iso) / 1_000_000_000n);
}

function at(iso: string): FakeClock {
  const clock = new FakeClock();
  clock.ms = seconds(iso) * 1000;
  return clock;
}

/** Two sessions of New York, the second after the change to standard time. */
const ROWS = [
  [seconds('2020-10-30T13:30:00Z'), 1, 4, 0.5, 2, 100],
  [seconds('2020-11-02T14:30:00Z'), 2, 5, 1.5, 3, 200],
];
const SPLIT = { date: seconds('2020-11-02T14:30:00Z'), numerator: 4, denominator: 1 };
const DAY = 86_400_000_000_000n;

describe('YahooBars', () => {
  it('makes daily bars at midnight UTC of their session', async () => {
    const { fetch, urls } = network(json(chart(ROWS)));
    const source = history(fetch, { symbol: 'AAPL', ticker: 'AAPL' });
    const all = await items(source);
    expect(bars(all)).toMatchObject([
      {
        symbol: 'AAPL',
        interval: '1d',
        priceBasis: 'raw',
        bars: {
          startNs: [ns('2020-10-30'), ns('2020-11-02')],
          close: [2, 3],
          volume: [100, 200],
          sessionDate: [20_201_030, 20_201_102],
        },
      },
    ]);
    expect(all.at(-1)).toEqual({ kind: 'progress', position: bars(all)[0]?.positions.at(-1) });
    expect(urls[0]).toContain('/v8/finance/chart/AAPL?');
  });

  it('names the currency of the answer and leaves pence as they are', async () => {
    const source = history(network(json(chart(ROWS, { currency: 'GBp' }))).fetch, { ticker: 'OCDO.L' });
    expect(bars(await items(source))[0]?.bars.close).toEqual([2, 3]);
    expect(source.description).toBe('Yahoo OCDO.L 1d in GBp from 1970-01-01T00:00:00Z');
  });

  it('undoes the splits of the answer, and says so', async () => {
    const { fetch } = network(json(chart(ROWS, { events: { splits: { a: SPLIT } } })));
    const [chunk] = bars(await items(history(fetch)));
    expect(chunk).toMatchObject({
      priceBasis: 'raw',
      bars: { open: [4, 2], high: [16, 5], low: [2, 1.5], close: [8, 3], volume: [25, 200] },
    });
  });

  it('asks for the splits after a span that ended long ago', async () => {
    const later = json(chart([], { events: { splits: { a: SPLIT } } }));
    const { fetch, urls } = network(json(chart(ROWS.slice(0, 1))), later);
    const all = await items(history(fetch, { endNs: ns('2020-11-01'), isSettled: true }));
    expect(bars(all)[0]).toMatchObject({ priceBasis: 'raw', bars: { close: [8] } });
    expect(new URL(urls[1] ?? '').searchParams.get('period1')).toBe(`${seconds('2020-11-01')}`);
  });

  it('leaves prices as Yahoo has them where it was asked to, or where splits are not understood', async () => {
    const good = { splits: { a: SPLIT } };
    const asked = history(network(json(chart(ROWS, { events: good }))).fetch, { basis: 'split-adjusted' });
    const bad = { splits: { a: { ...SPLIT, denominator: 0 } } };
    const notUnderstood = history(network(json(chart(ROWS, { events: bad }))).fetch);
    for (const source of [asked, notUnderstood])
      expect(bars(await items(source))[0]).toMatchObject({
        priceBasis: 'split-adjusted',
        bars: { close: [2, 3] },
      });
  });

  it('keeps the basis of the week in which a split lies', async () => {
    const weeks = ['2020-10-19', '2020-10-26', '2020-11-02'].map((day) => [
      seconds(`${day}T04:00:00Z`) + 3600,
      1,
      1,
      1,
      1,
      1,
    ]);
    const split = { ...SPLIT, date: seconds('2020-10-28T13:30:00Z') };
    const { fetch } = network(json(chart(weeks, { events: { splits: { a: split } } })));
    expect(
      bars(await items(history(fetch, { interval: '1w' }))).map(({ priceBasis, bars: { close } }) => [
        priceBasis,
        close,
      ]),
    ).toEqual([
      ['raw', [4]],
      ['split-adjusted', [1]],
      ['raw', [1]],
    ]);
  });

  it('refuses rows without prices, without time and those that are there twice, and keeps the others', async () => {
    const rows = [
      ROWS[0],
      [seconds('2020-10-30T20:00:00Z'), 9, 9, 9, 9, 9],
      [seconds('2020-11-01T14:30:00Z'), null, null, null, null, null],
      ROWS[1],
    ].map((row) => row ?? []);
    const all = await items(history(network(json(chart(rows))).fetch));
    expect(bars(all).flatMap(({ bars: { close } }) => close)).toEqual([2, 3]);
    expect(refusals(all)).toMatchObject([
      { rule: 'duplicate-row', symbol: 'X' },
      {
        rule: 'null-row',
        reason: expect.stringContaining('row at 2020-11-01T00:00:00Z has no prices') as string,
      },
    ]);
    const untimed = await items(history(network(json(chart([[null, 1, 1, 1, 1, 1]]))).fetch));
    expect(refusals(untimed)).toMatchObject([{ rule: 'no-time' }]);
  });

  it('leaves the column of volumes out where there are none', async () => {
    const rows = [ROWS[0] ?? [], [...(ROWS[1] ?? []).slice(0, 5), null]];
    const all = bars(await items(history(network(json(chart(rows))).fetch)));
    expect(all.map(({ bars: { volume } }) => volume)).toEqual([[100], []]);
  });

  it('leaves out the bar that is still forming', async () => {
    for (const [now, count] of [
      ['2020-11-02T20:00:00Z', 1],
      ['2020-11-03T05:00:00Z', 2],
    ] as const) {
      const clock = at(now);
      const all = await items(history(network(json(chart(ROWS))).fetch, { clock, endNs: clock.nowNs() }));
      expect(bars(all)[0]?.positions).toHaveLength(count);
    }
  });

  it('leaves rows of the last days without prices to a later run, until the end lies far back', async () => {
    const clock = at('2020-11-05T12:00:00Z');
    const rows = [...ROWS, [seconds('2020-11-04T14:30:00Z'), null, null, null, null, null]];
    const read = (isSettled: boolean): ReturnType<typeof items> =>
      items(history(network(json(chart(rows))).fetch, { clock, endNs: clock.nowNs(), isSettled }));
    expect(refusals(await read(false))).toEqual([]);
    expect(refusals(await read(true))).toHaveLength(1);
  });

  it.each([
    ['the closing price', '2020-11-02T21:00:00Z'],
    ['the price of a moment', '2020-11-02T15:42:17Z'],
  ])('takes %s at the end of minutes for no bar', async (_what, last) => {
    const clock = at('2020-11-03T12:00:00Z');
    const end = seconds('2020-11-02T21:00:00Z');
    const rows = [ROWS[1] ?? [], [seconds(last), 1, 1, 1, 1, 0]];
    const { fetch } = network(json(chart(rows, { sessionEnd: end })));
    const ask: Ask = { interval: '1m', clock, startNs: ns('2020-11-01'), endNs: clock.nowNs() };
    expect(bars(await items(history(fetch, ask)))[0]?.positions).toHaveLength(1);
  });

  it('asks for minutes week by week', async () => {
    const clock = at('2020-11-20T00:00:00Z');
    const startNs = ns('2020-11-02T14:30:00Z');
    const page = (url: string): Response => {
      const { searchParams } = new URL(url);
      const span = ['period1', 'period2'].map((name) => Number(searchParams.get(name)));
      return json(chart(span.map((time) => [time, 1, 1, 1, 1, 1])));
    };
    const { fetch, urls } = network(page);
    const source = history(fetch, { interval: '1m', startNs, endNs: startNs + 15n * DAY, clock });
    expect(bars(await items(source))[0]?.bars.startNs).toEqual(
      [0n, 7n, 14n].map((days) => startNs + days * DAY),
    );
    expect(urls.map((url) => new URL(url).searchParams.get('interval'))).toEqual(['1m', '1m', '1m', '1d']);
  });

  it('says what Yahoo no longer has, and reads the rest', async () => {
    const clock = at('2020-11-20T00:00:00Z');
    const { fetch, urls } = network(json(chart([[seconds('2020-11-19T15:00:00Z'), 1, 1, 1, 1, 1]])));
    const ask: Ask = { interval: '5m', clock, endNs: clock.nowNs() };
    const all = await items(history(fetch, { ...ask, startNs: ns('2020-01-01') }));
    expect(refusals(all)).toMatchObject([
      {
        rule: 'yahoo-range',
        reason: expect.stringMatching(
          /60 days only, nothing .* from 2020-01-01T00:00:00Z to 2020-09-21/,
        ) as string,
      },
    ]);
    expect(bars(all)[0]?.positions).toHaveLength(1);
    expect(urls).toHaveLength(1);
    const old = history(fetch, { ...ask, startNs: ns('2020-01-01'), endNs: ns('2020-02-01') });
    await expect(items(old)).rejects.toMatchObject({
      code: 'yahoo-range',
      message: expect.stringContaining('ask from 2020-09-21') as string,
    });
  });

  it('goes on after any position with the same bars, and is the same stream', async () => {
    const rows = [
      ...ROWS,
      [seconds('2020-11-03T14:30:00Z'), null, 1, 1, 1, 1],
      ...[4, 5].map((day) => [seconds(`2020-11-0${day}T14:30:00Z`), 1, 1, 1, 1, 1]),
    ];
    const positions = (all: Awaited<ReturnType<typeof items>>): bigint[] =>
      all.flatMap((item) =>
        item.kind === 'progress' ? [] : item.kind === 'refused' ? [item.position] : item.positions,
      );
    const fresh = (): ReturnType<typeof history> => history(network(json(chart(rows))).fetch);
    const whole = positions(await items(fresh())).sort((a, b) => (a < b ? -1 : 1));
    expect(whole).toHaveLength(5);
    expect(fresh().streamId).toBe('yahoo:X:X:1d:raw:0');
    for (const after of [0n, ...whole]) {
      const rest = whole.filter((position) => position > after);
      const got = positions(await items(fresh(), after)).sort((a, b) => (a < b ? -1 : 1));
      expect(got.slice(got.length - rest.length)).toEqual(rest);
      // Ahead of them are bars that come once more, at positions that nobody has seen.
      expect(got.slice(0, got.length - rest.length).every((position) => position > after)).toBe(true);
      if (after === 0n || rest.length === 0) expect(got).toEqual(rest);
    }
  });

  it('brings the last bars again with a new one, so that a revision becomes a correction', async () => {
    const sessions = ['02', '03', '04', '05', '06', '09', '10'];
    const row = (day: string, volume: number): number[] => [
      seconds(`2020-11-${day}T14:30:00Z`),
      1,
      1,
      1,
      1,
      volume,
    ];
    const days = (all: Awaited<ReturnType<typeof items>>): unknown[] =>
      bars(all).flatMap(({ bars: { startNs, volume } }) =>
        startNs.map((start, index) => [formatNs(start).slice(8, 10), volume[index]]),
      );
    const first = await items(history(network(json(chart(sessions.map((day) => row(day, 1))))).fetch));
    const place = bars(first)[0]?.positions.at(-1) ?? 0n;
    const unchanged = sessions.map((day) => row(day, day === '10' ? 2 : 1));
    expect(days(await items(history(network(json(chart(unchanged))).fetch), place))).toEqual([]);
    const rows = [...unchanged, row('11', 3)];
    expect(days(await items(history(network(json(chart(rows))).fetch), place))).toEqual([
      ['04', 1],
      ['05', 1],
      ['06', 1],
      ['09', 1],
      ['10', 2],
      ['11', 3],
    ]);
    const settled = history(network(json(chart(rows)), json(chart([]))).fetch, { isSettled: true });
    expect(days(await items(settled, place))).toEqual([['11', 3]]);
  });

  it('asks for minutes from the last ones on, and for nothing once the span is complete', async () => {
    const clock = at('2020-11-20T00:00:00Z');
    const startNs = ns('2020-11-16');
    const last = seconds('2020-11-19T15:00:00Z');
    const { fetch, urls } = network(json(chart([[last, 1, 1, 1, 1, 1]])));
    const ask: Ask = { interval: '5m', clock, startNs, endNs: clock.nowNs() };
    const position = bars(await items(history(fetch, ask)))[0]?.positions.at(-1) ?? 0n;
    expect(bars(await items(history(fetch, ask), position))).toEqual([]);
    expect(new URL(urls[1] ?? '').searchParams.get('period1')).toBe(`${last - 4 * 300}`);
    expect(await items(history(fetch, { ...ask, isSettled: true }), position)).toEqual([
      { kind: 'progress', position },
    ]);
    expect(urls).toHaveLength(2);
  });

  it.each([
    [
      json(
        {
          chart: {
            result: null,
            error: { code: 'Not Found', description: 'No data found, symbol may be delisted' },
          },
        },
        404,
      ),
      'yahoo-no-data',
      /^Yahoo X 1d: No data found, symbol may be delisted; check the ticker/,
    ],
    [
      json({ chart: { result: null, error: { code: 'Bad', description: 'something' } } }),
      'yahoo-answer',
      /Yahoo X 1d: .*\(something\)/,
    ],
    [json({ chart: { result: null, error: null } }), 'yahoo-answer', /no exchange time zone/],
    [json({ chart: { result: null, error: 'maintenance' } }), 'yahoo-answer', /maintenance/],
    [json({ chart: { result: null, error: { code: 17 } } }), 'yahoo-answer', /"code":17/],
    [
      json(
        {
          chart: {
            result: null,
            error: { code: 'Unprocessable Entity', description: '1m data not available for startTime=1' },
          },
        },
        422,
      ),
      'yahoo-range',
      /no longer has it/,
    ],
    [json(chart([[1, 2]], { zone: 'Mars/Olympus' })), 'yahoo-answer', /Mars/],
  ])('%# ends with an error of one line', async (answer, code, message) => {
    await expect(items(history(network(answer).fetch))).rejects.toMatchObject({
      code,
      retryable: false,
      message: expect.stringMatching(message) as string,
    });
  });
});
