import { emptyBars } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { rollSchedule, stitch, volumeSchedule, volumesOf, type ContractBars } from './continuous.ts';
import { daily } from './fixtures/build.ts';

const EXPIRIES = [
  { id: 'H5', expiry: 20250321 },
  { id: 'M5', expiry: 20250620 },
  { id: 'U5', expiry: 20250919 },
];

describe('when a continuous future goes on to the next contract', () => {
  it.each([
    [-1, 20250324, 'the session after the expiry, a Friday'],
    [0, 20250321, 'the expiry'],
    [1, 20250320, 'one session before'],
    [5, 20250314, 'five sessions before: the weekend between is none'],
  ])('days-before-expiry %i: on %i, %s', (days, on) => {
    const schedule = rollSchedule(EXPIRIES, { rule: 'days-before-expiry', days });
    expect(schedule[0]).toEqual({ id: 'H5', from: undefined, to: on });
    expect(schedule[1]?.from).toBe(on);
    expect(schedule.at(-1)).toMatchObject({ id: 'U5', to: undefined });
  });

  it('counts the sessions of a calendar that it is given', () => {
    const closed = new Set([20250320, 20250319]);
    const isTradingDay = (date: number): boolean => !closed.has(date);
    const [first] = rollSchedule(EXPIRIES, { rule: 'days-before-expiry', days: 1 }, isTradingDay);
    expect(first?.to).toBe(20250318);
  });

  it.each([
    [{ day: 10, monthsBefore: 0 }, 20250310],
    [{ day: 31, monthsBefore: 1 }, 20250228],
    // Saturday the 15th: the Monday after it.
    [{ day: 15, monthsBefore: 0 }, 20250317],
    // Past the expiry: on it at the latest.
    [{ day: 28, monthsBefore: 0 }, 20250321],
  ])('fixed-date %j: on %i', (rule, on) => {
    expect(rollSchedule(EXPIRIES, { rule: 'fixed-date', ...rule })[0]?.to).toBe(on);
  });

  const contract = (id: string, expiry: number, rows: Parameters<typeof daily>[0]): ContractBars => ({
    id,
    expiry,
    bars: daily(rows),
  });

  it('volume: on the session after the next one had more of it, so often in a row', () => {
    const old = contract('H5', 20250321, [
      ['2025-03-10', 100, 900],
      ['2025-03-11', 101, 400],
      ['2025-03-12', 102, 700],
      ['2025-03-13', 103, 300],
      ['2025-03-14', 104, 200],
      ['2025-03-17', 105, 100],
    ]);
    const next = contract('M5', 20250620, [
      ['2025-03-10', 110, 100],
      ['2025-03-11', 111, 500],
      ['2025-03-12', 112, 600],
      ['2025-03-13', 113, 700],
      ['2025-03-14', 114, 800],
      ['2025-03-17', 115, 900],
    ]);
    const on = (sessions: number): number | undefined => {
      const schedule = volumeSchedule([next, old].map(volumesOf), sessions);
      return schedule.ok ? schedule.value[0]?.to : undefined;
    };
    expect([1, 2].map(on)).toEqual([20250312, 20250317]);
  });

  it('volume: at the latest when the old one has no more bars', () => {
    const old = contract('H5', 20250321, [
      ['2025-03-20', 100, 900],
      ['2025-03-21', 101, 800],
    ]);
    const next = contract('M5', 20250620, [
      ['2025-03-21', 110, 1],
      ['2025-03-24', 110, 1],
    ]);
    expect(volumeSchedule([old, next].map(volumesOf), 1)).toMatchObject({
      ok: true,
      value: [{ id: 'H5', to: 20250324 }, { from: 20250324 }],
    });
  });

  it('volume is refused where there is none to compare, or nothing to go on to', () => {
    const old = contract('H5', 20250321, [['2025-03-20', 100, 900]]);
    const noVolume = contract('M5', 20250620, [['2025-03-20', 110]]);
    expect(volumeSchedule([old, noVolume].map(volumesOf), 1)).toEqual({
      ok: false,
      error:
        'the bars of M5 have no volume, which a roll by volume compares: use days-before-expiry or fixed-date, or a source with volume',
    });
    const early = contract('M5', 20250620, [['2025-03-19', 110, 1]]);
    expect(volumeSchedule([old, early].map(volumesOf), 1)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^M5 has no bar after H5 ends/) as string,
    });
  });
});

/**
 * Worked by hand. Rolls on the 12th and on the 14th. On the 11th A closes at 102 and B at 112 (difference 10); on the 13th B closes at
 * 115 and C at 92 (difference -23, ratio 0.8). Earlier prices take all later rolls: A gets 10 - 23 = -13.
 */
const CONTRACTS: readonly ContractBars[] = [
  {
    id: 'A',
    expiry: 20250312,
    bars: daily([
      ['2025-03-10', 100, 7],
      ['2025-03-11', 102, 8],
      ['2025-03-12', 999, 9],
    ]),
  },
  {
    id: 'B',
    expiry: 20250314,
    bars: daily([
      ['2025-03-11', 112, 1],
      ['2025-03-12', 114, 2],
      ['2025-03-13', 115, 3],
    ]),
  },
  {
    id: 'C',
    expiry: 20250320,
    bars: daily([
      ['2025-03-13', 92, 4],
      ['2025-03-14', 93, 5],
    ]),
  },
];
const SCHEDULE = [
  { id: 'A', from: undefined, to: 20250312 },
  { id: 'B', from: 20250312, to: 20250314 },
  { id: 'C', from: 20250314, to: undefined },
];

describe('one series of several contracts', () => {
  const series = (adjustment: 'none' | 'difference' | 'ratio') => {
    const stitched = stitch(CONTRACTS, SCHEDULE, adjustment);
    if (!stitched.ok) throw new Error(stitched.error);
    return stitched.value;
  };

  it('none: prices as they were, each bar of the contract that was used', () => {
    const { bars, contract, rolls } = series('none');
    expect(bars.close).toEqual([100, 102, 114, 115, 93]);
    expect(contract).toEqual(['A', 'A', 'B', 'B', 'C']);
    expect(bars.sessionDate).toEqual([20250310, 20250311, 20250312, 20250313, 20250314]);
    expect(rolls.map(({ from, to, on }) => [from, to, on])).toEqual([
      ['A', 'B', 20250312],
      ['B', 'C', 20250314],
    ]);
  });

  it('difference: earlier prices are moved by what the next contract cost more; the newest are real', () => {
    const { bars, rolls } = series('difference');
    expect(rolls.map(({ amount }) => amount)).toEqual([10, -23]);
    expect(bars.close).toEqual([87, 89, 91, 92, 93]);
    expect(bars.open).toEqual([86, 88, 90, 91, 92]);
    expect(bars.volume).toEqual([7, 8, 2, 3, 5]);
  });

  it('ratio: earlier prices are multiplied, so that changes in per cent stay', () => {
    const { bars, rolls } = series('ratio');
    expect(rolls.map(({ amount }) => amount)).toEqual([112 / 102, 0.8]);
    const expected = [100 * (112 / 102) * 0.8, 112 * 0.8, 114 * 0.8, 92, 93];
    for (const [index, close] of expected.entries()) expect(bars.close[index]).toBeCloseTo(close, 10);
  });

  it('refuses what cannot be compared, and names the roll', () => {
    const apart = [CONTRACTS[0]!, { id: 'B', expiry: 20250314, bars: daily([['2025-03-12', 114]]) }];
    expect(stitch(apart, SCHEDULE.slice(0, 2), 'difference')).toEqual({
      ok: false,
      error:
        'the roll from A to B on 2025-03-12: no session before it has bars of both, so their prices cannot be compared: use adjustment none',
    });
    const negative = [
      CONTRACTS[0]!,
      {
        id: 'B',
        expiry: 20250314,
        bars: daily([
          ['2025-03-11', -37.63],
          ['2025-03-12', 10],
        ]),
      },
    ];
    expect(stitch(negative, SCHEDULE.slice(0, 2), 'ratio')).toMatchObject({
      ok: false,
      error: expect.stringMatching(/closes of 102 and -37.63 have no ratio/) as string,
    });
    expect(stitch(negative, SCHEDULE.slice(0, 2), 'difference').ok).toBe(true);
  });

  it('needs no adjustment of a contract without bars', () => {
    const { ok, value } = {
      value: undefined,
      ...stitch([{ ...CONTRACTS[0]!, bars: emptyBars() }, CONTRACTS[1]!], SCHEDULE.slice(0, 2), 'ratio'),
    };
    expect([ok, value?.bars.close]).toEqual([true, [114, 115]]);
  });
});
