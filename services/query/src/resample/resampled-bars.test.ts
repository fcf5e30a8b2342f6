import { create } from '@bufbuild/protobuf';
import { plainBars, TradeBars } from '@tickwell/bars';
import { events, queryV1, TABLES } from '@tickwell/contracts';
import { emptyTrades, parseInterval, parseIsoTime } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { startService, World } from '../fixtures/world.ts';

const call = { signal: new AbortController().signal };
const MINUTE = 60_000_000_000n;
const { BarAlignment, EmptyIntervals } = queryV1;

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

interface Row {
  readonly startNs: bigint;
  readonly values: readonly [open: number, high: number, low: number, close: number, volume: number];
}

async function writeBars(
  world: World,
  rows: readonly Row[],
  { source = 'ib', interval = '1m', basis = 'raw', knownAtNs = 1n } = {},
): Promise<void> {
  const texts = { symbol: 'A', source, epoch: 'e', interval, price_type: 'trade', price_basis: basis };
  await world.store.write([
    {
      table: TABLES.bars.name,
      timestampNs: rows.map(({ startNs }) => startNs),
      columns: [
        ...Object.entries(texts).map(([name, values]) => ({ type: 'symbol' as const, name, values })),
        { type: 'long', name: 'record_offset', values: 0n },
        { type: 'timestamp', name: 'known_at', values: knownAtNs },
        ...(['open', 'high', 'low', 'close', 'volume'] as const).map((name, at) => ({
          type: 'double' as const,
          name,
          values: rows.map(({ values }) => values[at] ?? NaN),
        })),
      ],
    },
  ]);
}

async function writeTrades(world: World, timesNs: readonly bigint[]): Promise<void> {
  const prices = timesNs.map((_, n) => 10 + ((n * 7) % 5) / 10);
  await world.store.write([
    {
      table: TABLES.trades.name,
      timestampNs: timesNs,
      columns: [
        ...Object.entries({ symbol: 'A', source: 'ib', epoch: 'e' }).map(([name, values]) => ({
          type: 'symbol' as const,
          name,
          values,
        })),
        { type: 'long', name: 'record_offset', values: 0n },
        { type: 'timestamp', name: 'known_at', values: 1n },
        { type: 'long', name: 'seq', values: timesNs.map(() => 0n) },
        { type: 'double', name: 'price', values: prices },
        { type: 'double', name: 'size', values: timesNs.map((_, n) => 0.1 * (n + 1)) },
      ],
    },
  ]);
}

/** Bars of `count` minutes: n, n + 2, n - 1, n + 1, volume 10. */
function minutes(count: number, fromNs = 0n, skip: readonly number[] = []): Row[] {
  return Array.from({ length: count }, (_, n): Row => {
    return { startNs: fromNs + BigInt(n) * MINUTE, values: [n, n + 2, n - 1, n + 1, 10] };
  }).filter((_, n) => !skip.includes(n));
}

async function read(
  world: World,
  init: Parameters<typeof create<typeof queryV1.GetBarsRequestSchema>>[1],
  nowNs = 2n ** 61n,
): Promise<queryV1.GetBarsResponse[]> {
  await using service = await startService(world.service({ nowNs: () => nowNs }));
  const request = create(queryV1.GetBarsRequestSchema, {
    symbol: 'A',
    interval: '5m',
    resampleFrom: '1m',
    ...init,
  });
  const answers: queryV1.GetBarsResponse[] = [];
  for await (const answer of service.calls.getBars(request, call)) answers.push(answer);
  return answers;
}

/** [start in minutes, open, high, low, close, volume] of each bar. */
function rowsOf(answers: readonly queryV1.GetBarsResponse[]): number[][] {
  return answers.flatMap(({ bars }) =>
    (bars?.startNs ?? []).map((startNs, at) => [
      Number(startNs / MINUTE),
      ...(['open', 'high', 'low', 'close', 'volume'] as const).map((name) => bars?.[name][at] ?? NaN),
    ]),
  );
}

describe('bars of stored bars', () => {
  it('are first, highest, lowest, last and sum, and only of what is over', async () => {
    const world = new World();
    await writeBars(world, minutes(12));
    const whole = [
      [0, 0, 6, -1, 5, 50],
      [5, 5, 11, 4, 10, 50],
    ];
    expect(rowsOf(await read(world, {}, 12n * MINUTE))).toEqual(whole);
    expect(rowsOf(await read(world, {}))).toEqual([...whole, [10, 10, 13, 9, 12, 20]]);
    const [some] = await read(world, { columns: ['close'] }, 12n * MINUTE);
    expect(some).toMatchObject({ source: 'ib', bars: { close: [5, 10], open: [], volume: [] } });
  });

  it('are cut by range, limit and newest, each whole', async () => {
    const world = new World();
    await writeBars(world, minutes(30, 0n, [11, 12, 21]));
    const range = { startNs: 3n * MINUTE, endNs: 16n * MINUTE };
    const starts = async (init: Parameters<typeof read>[1]) =>
      rowsOf(await read(world, init)).map(([at]) => at);
    expect(await starts({ range })).toEqual([5, 10, 15]);
    expect(rowsOf(await read(world, { range })).at(-1)).toEqual([15, 15, 21, 14, 20, 50]);
    expect(await starts({ limit: 2n })).toEqual([0, 5]);
    expect(await starts({ limit: 2n, newest: true })).toEqual([20, 25]);
    expect(rowsOf(await read(world, { limit: 3n, newest: true }))[0]).toEqual([15, 15, 21, 14, 20, 50]);
  });

  it('are of the best source, say whose they are, and never mix prices of two bases', async () => {
    const world = new World();
    await writeBars(world, minutes(10, 0n, [3, 7]), { source: 'ib' });
    await writeBars(world, minutes(5), { source: 'yahoo' });
    await expect(read(world, {})).rejects.toThrow('several sources (ib, yahoo): name one, or "best"');
    const best = await read(world, { source: 'best' });
    expect(best.map(({ source }) => source)).toEqual(['ib+yahoo', 'ib']);
    expect(rowsOf(best)).toEqual([
      [0, 0, 6, -1, 5, 50],
      [5, 5, 11, 4, 10, 40],
    ]);
    await writeBars(world, minutes(1, 7n * MINUTE), { source: 'other', basis: 'split-adjusted' });
    await expect(read(world, { source: 'best' })).rejects.toThrow(
      /raw prices of ib and split-adjusted ones of other/,
    );
  });

  it('are those of a time: of versions known then, backfilled where a part is', async () => {
    const world = new World();
    await writeBars(world, minutes(5), { knownAtNs: 2n * MINUTE });
    await writeBars(world, minutes(10, 0n, [0, 1, 2, 3, 4]), { knownAtNs: 99n * MINUTE });
    const then = await read(world, { asOfNs: 12n * MINUTE });
    expect(then.map(({ backfilled, knownAtNs }) => [backfilled, knownAtNs])).toEqual([
      [false, [2n * MINUTE]],
      [true, [99n * MINUTE]],
    ]);
    expect(rowsOf(await read(world, { asOfNs: 12n * MINUTE, strict: true })).map(([at]) => at)).toEqual([0]);
  });

  it('go by sessions where they are told to: half days, and what trades outside is left out', async () => {
    const world = new World();
    // 2024-11-29: New York closes at 18:00 UTC.
    await writeBars(world, minutes(600, ns('2024-11-29T12:00:00Z')));
    const init = { interval: '1d', alignment: BarAlignment.SESSIONS, calendar: 'XNYS' };
    const dayMinute = Number(ns('2024-11-29T00:00:00Z') / MINUTE);
    // From 14:30 to 18:00, and the two minutes in which a closing auction is reported.
    expect(rowsOf(await read(world, init))).toEqual([[dayMinute, 150, 363, 149, 362, 2120]]);
    const [day] = await read(world, init);
    expect(day?.bars?.sessionDate).toEqual([20241129]);
    const hours = await read(world, { ...init, interval: '1h' });
    expect(rowsOf(hours).map(([at = 0]) => at - dayMinute)).toEqual([870, 930, 990, 1050]);
    const all = await read(world, { ...init, alignment: BarAlignment.SESSIONS_ALL_HOURS });
    expect(rowsOf(all)).toEqual([[dayMinute, 0, 601, -1, 600, 6000]]);
    await expect(read(world, { ...init, calendar: '' })).rejects.toThrow('A has no calendar');
  });

  it('go by days where weeks and months are of too many parts, and by hours that begin half past', async () => {
    const world = new World();
    const fromNs = ns('2024-11-25T00:00:00Z');
    await writeBars(world, minutes(14 * 1440, fromNs));
    const weeks = rowsOf(await read(world, { interval: '1w' }));
    expect(weeks.map(([, open, , , close, volume]) => [open, close, volume])).toEqual([
      [0, 10_080, 100_800],
      [10_080, 20_160, 100_800],
    ]);
    await writeBars(
      world,
      [0, 1, 2, 3].map((n): Row => ({
        startNs: ns('2024-11-29T14:30:00Z') + BigInt(n) * 60n * MINUTE,
        values: [n, n, n, n, 1],
      })),
      { interval: '1h' },
    );
    const init = { interval: '1d', resampleFrom: '1h', calendar: 'XNYS' };
    const day = await read(world, { ...init, alignment: BarAlignment.SESSIONS });
    expect(rowsOf(day).map(([, ...values]) => values)).toEqual([[0, 3, 0, 3, 4]]);
    await expect(read(world, init)).rejects.toThrow('1h bar of 2024-11-29T14:30:00Z fits no 1d bar by UTC');
  });

  it('have bars of empty intervals by the policy', async () => {
    const world = new World();
    await writeBars(world, [...minutes(5), ...minutes(5, 15n * MINUTE)]);
    const carried = rowsOf(await read(world, { empty: EmptyIntervals.CARRIED }));
    expect(carried.map(([at, open, , , close, volume]) => [at, open, close, volume])).toEqual([
      [0, 0, 5, 50],
      [5, 5, 5, 0],
      [10, 5, 5, 0],
      [15, 0, 5, 50],
    ]);
    expect(rowsOf(await read(world, { empty: EmptyIntervals.NONE }))[1]).toEqual([5, NaN, NaN, NaN, NaN, 0]);
  });

  it.each([
    [{ interval: '1m' }, 'resample_from: 1m bars to 1m bars: the second is not longer'],
    [{ interval: '3h', resampleFrom: '2h' }, 'the first does not divide the second'],
    [{ interval: '1mo', resampleFrom: '1w' }, 'weeks and months do not divide anything longer'],
    [{ interval: '100tick' }, 'such bars are made of trades or quotes, not of 1m bars'],
    [{ resampleFrom: 'ticks' }, 'resample_from: "ticks" is not an interval'],
    [{ resampleFrom: '100tick' }, 'resample_from: "100tick" is not an interval'],
    [{ resampleFrom: 'quotes' }, 'bars of price_type bid, ask or mid'],
    [{ resampleFrom: 'trades', priceType: events.PriceType.MID }, 'use "quotes"'],
    [{ resampleFrom: 'trades', asOfNs: 5n }, 'goes without as_of_ns'],
    [{ resampleFrom: 'trades', source: 'best' }, 'goes without source "best"'],
    [{ resampleFrom: '', alignment: BarAlignment.SESSIONS }, 'alignment is of bars that are made'],
    [{ resampleFrom: '30m', interval: '1h' }, 'A has no 30m trade bars: there are 1m trade bars of ib'],
    [{ source: 'yahoo' }, 'A has no 1m trade bars of yahoo: there are 1m trade bars of ib'],
    [{ symbol: 'NOBODY' }, 'NOBODY has no 1m trade bars: nothing is stored of it'],
  ])('refuse %o in one line', async (init, message) => {
    const world = new World();
    await writeBars(world, minutes(3));
    await expect(read(world, init)).rejects.toThrow(message);
  });
});

describe('bars of stored ticks', () => {
  const TIMES = Array.from({ length: 50 }, (_, n) => BigInt(n) * 17_000_000_000n);

  it('are those that are built live, bit for bit', async () => {
    const world = new World();
    await writeTrades(world, TIMES);
    const five = parseInterval('5m');
    if (!five.ok) throw new Error(five.error);
    const live = new TradeBars([plainBars(five.value)]);
    const trades = {
      ...emptyTrades(),
      timeNs: TIMES,
      seq: TIMES.map(() => 0n),
      price: TIMES.map((_, n) => 10 + ((n * 7) % 5) / 10),
      size: TIMES.map((_, n) => 0.1 * (n + 1)),
    };
    const wanted = live.apply({ trades, knownAtNs: 1n, watermarkNs: 15n * MINUTE }).closed[0]?.bars ?? [];
    const [answer] = await read(world, { resampleFrom: 'trades' }, 15n * MINUTE);
    expect(answer?.bars).toMatchObject({
      startNs: wanted.map((bar) => bar.startNs),
      close: wanted.map((bar) => bar.close),
      volume: wanted.map((bar) => bar.volume),
      vwap: wanted.map((bar) => bar.vwap),
      tradeCount: wanted.map((bar) => bar.tradeCount),
    });
    expect(wanted.length).toBe(3);
  });

  it('end by what is traded, from the start of the range on', async () => {
    const world = new World();
    await writeTrades(world, TIMES);
    const init = { interval: '20tick', resampleFrom: 'trades' };
    const [all] = await read(world, init);
    expect(all?.bars).toMatchObject({ startNs: [TIMES[0], TIMES[20]], tradeCount: [20, 20] });
    const [later] = await read(world, { ...init, range: { startNs: 17_000_000_001n } });
    expect(later?.bars?.startNs).toEqual([TIMES[2], TIMES[22]]);
  });
});
