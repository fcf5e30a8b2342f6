import { calendar, CALENDAR_IDS, type Calendar } from '@tickwell/calendar';
import { formatNs, parseInterval, parseIsoTime, type Interval } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoverageCount, type Coverage } from './coverage-count.ts';

function calendarOf(id: string): Calendar {
  const found = calendar(id);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

function intervalOf(text: string): Interval {
  const parsed = parseInterval(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

interface Of {
  readonly id: string;
  readonly interval: string;
  readonly from: bigint;
  readonly to: bigint;
  readonly maxGaps?: number;
}

function count(
  { id, interval, from, to, maxGaps = 1_000 }: Of,
  chunks: readonly (readonly bigint[])[],
): Coverage {
  const started = CoverageCount.start({
    calendar: calendarOf(id),
    interval: intervalOf(interval),
    fromNs: from,
    toNs: to,
    maxGaps,
  });
  if (!started.ok) throw new Error(started.error);
  for (const chunk of chunks) started.value.add(chunk);
  return started.value.finish();
}

function expectedOf({ id, interval, from, to }: Of): readonly bigint[] {
  const starts = calendarOf(id).expectedStarts(intervalOf(interval), from, to);
  if (!starts.ok) throw new Error(starts.error);
  return [...starts.value];
}

const WEEK: Of = { id: 'XNYS', interval: '1h', from: ns('2024-07-01'), to: ns('2024-07-08') };

const spans = ({ gaps }: Coverage): readonly string[] =>
  gaps.map(
    ({ startNs, endNs, missing }) =>
      `${formatNs(startNs).slice(5, 16)} ${formatNs(endNs).slice(5, 16)} ${missing}`,
  );

describe('coverage', () => {
  it('of nothing is one gap over all sessions, and each session has its number', () => {
    const coverage = count(WEEK, []);
    expect(coverage).toMatchObject({ expected: 25, arrived: 0, outside: 0, gapCount: 1 });
    expect(spans(coverage)).toEqual(['07-01T13:00 07-05T20:00 25']);
    // The early close of the 3rd; the 4th is no session.
    expect(coverage.days).toEqual([
      { date: 20240701, expected: 7, arrived: 0 },
      { date: 20240702, expected: 7, arrived: 0 },
      { date: 20240703, expected: 4, arrived: 0 },
      { date: 20240705, expected: 7, arrived: 0 },
    ]);
  });

  it('names holes, and one goes on over closed time', () => {
    const there = expectedOf(WEEK).filter(
      (at) => at < ns('2024-07-01T18:00') || at >= ns('2024-07-02T14:00'),
    );
    const coverage = count(WEEK, [there]);
    expect(spans(coverage)).toEqual(['07-01T18:00 07-02T14:00 3']);
    expect(coverage).toMatchObject({ expected: 25, arrived: 22 });
    expect(coverage.days.map(({ arrived }) => arrived)).toEqual([5, 6, 4, 7]);
  });

  it('counts bars outside the sessions, which end no gap, and repeats once', () => {
    const first = ns('2024-07-01T13:00');
    const early = ns('2024-07-01T11:00');
    const late = ns('2024-07-01T22:00');
    const coverage = count(WEEK, [
      [early, first],
      [first, late],
    ]);
    expect(coverage).toMatchObject({ arrived: 1, outside: 2, gapCount: 1 });
    expect(spans(coverage)).toEqual(['07-01T14:00 07-05T20:00 24']);
  });

  it('remembers as many gaps as it may, and counts the others', () => {
    const there = expectedOf(WEEK).filter((_, at) => at % 2 === 0);
    expect(count({ ...WEEK, maxGaps: 2 }, [there])).toMatchObject({
      gapCount: 12,
      gaps: [{ missing: 1 }, { missing: 1 }],
    });
  });

  it('of bars of a day, a week, a month goes by their starts', () => {
    const year = { from: ns('2024-01-01'), to: ns('2025-01-01'), id: 'XNYS' };
    expect(count({ ...year, interval: '1d' }, [])).toMatchObject({ expected: 252, gapCount: 1 });
    expect(count({ ...year, interval: '1w' }, [[ns('2024-01-08')]])).toMatchObject({
      expected: 53,
      arrived: 1,
    });
    const months = count({ ...year, interval: '1mo' }, [[ns('2024-02-01')]]);
    expect(months.days).toHaveLength(12);
    expect(months.days[1]).toEqual({ date: 20240201, expected: 1, arrived: 1 });
  });

  it('outside what the calendar knows is an error that says so', () => {
    const of = { calendar: calendarOf('XNYS'), interval: intervalOf('1m'), maxGaps: 1 };
    const started = CoverageCount.start({ ...of, fromNs: ns('1999-12-01'), toNs: ns('2000-02-01') });
    expect(started).toEqual({
      ok: false,
      error: 'calendar XNYS knows 2000-01-01 to 2030-12-31, not 1999-12-01T00:00:00Z',
    });
  });

  it('of any bars in any chunks is that of a simple model', () => {
    const base = ns('2024-06-28');
    const hour = 3_600_000_000_000n;
    fc.assert(
      fc.property(
        fc.constantFrom(...CALENDAR_IDS),
        fc.constantFrom('5m', '1h', '4h', '1d', '1w'),
        fc.bigInt({ min: 0n, max: 100n }),
        fc.bigInt({ min: 1n, max: 300n }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        fc.array(fc.bigInt({ min: 0n, max: 300n }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (id, interval, fromHours, hours, cuts, others, chunkRows) => {
          const from = base + fromHours * hour;
          const of = { id, interval, from, to: from + hours * hour };
          const expected = expectedOf(of);
          const places = cuts.map((cut) => Math.floor(cut * expected.length)).toSorted((a, b) => a - b);
          // Every second stretch between two cuts is there.
          const isThere = (at: number): boolean => places.filter((place) => place <= at).length % 2 === 0;
          const there = expected.filter((_, at) => isThere(at));
          const extra = others.map((other) => from + other * hour + 1n).filter((at) => at < of.to);
          const all = [...new Set([...there, ...extra])].toSorted((a, b) => Number(a - b));
          const chunks = Array.from({ length: Math.ceil(all.length / chunkRows) }, (_, at) =>
            all.slice(at * chunkRows, (at + 1) * chunkRows),
          );
          const coverage = count(of, chunks);
          const starts = expected.filter((_, at) => !isThere(at) && (at === 0 || isThere(at - 1)));
          expect(coverage.gaps.map(({ startNs }) => startNs)).toEqual(starts);
          expect(coverage.gaps.reduce((sum, { missing }) => sum + missing, 0)).toBe(
            expected.length - there.length,
          );
          expect(coverage).toMatchObject({
            expected: expected.length,
            arrived: there.length,
            outside: new Set(extra).size,
            gapCount: starts.length,
          });
          const byDay = (of: 'expected' | 'arrived'): number =>
            coverage.days.reduce((sum, day) => sum + day[of], 0);
          expect([byDay('expected'), byDay('arrived')]).toEqual([expected.length, there.length]);
          expect(coverage.days.every((day) => day.arrived <= day.expected)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
