import { formatNs } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barSessionDate } from './bar-session.ts';
import type { Calendar, Session } from './calendar.ts';
import { calendarOf, intervalOf, nsOf } from './fixtures/calendar-of.ts';
import { calendar, CALENDAR_IDS } from './registry.ts';

const FIRST_NS = nsOf('2000-01-01');
const END_NS = nsOf('2031-01-01');

function all(of: Calendar, from = 20000101, to = 20301231): readonly Session[] {
  const sessions = of.sessions(from, to);
  if (!sessions.ok) throw new Error(sessions.error);
  return [...sessions.value];
}

/** "open close [pause start, pause end]..." in UTC. */
function hours(id: string, date: number): string | undefined {
  const session = calendarOf(id).sessionOn(date);
  if (!session.ok) throw new Error(session.error);
  if (session.value === undefined) return undefined;
  const { openNs, closeNs, breaks } = session.value;
  const times = [openNs, closeNs, ...breaks.flatMap(({ startNs, endNs }) => [startNs, endNs])];
  return times.map((ns) => formatNs(ns).slice(5, 16)).join(' ');
}

describe('the session that a bar belongs to', () => {
  it.each([
    ['XNYS', '1m', '2024-07-03T16:59:00Z', 20240703],
    ['XNYS', '1m', '2024-07-03T17:00:00Z', 20240705],
    // It starts before the open and holds it.
    ['XNYS', '1h', '2024-07-05T13:00:00Z', 20240705],
    ['XTKS', '1m', '2024-11-05T02:45:00Z', 20241105],
    ['CMES', '5m', '2024-07-04T22:00:00Z', 20240705],
    ['CMES', '1d', '2024-07-04T00:00:00Z', 20240704],
    ['24-7', '1m', '2024-07-06T23:59:00Z', 20240706],
    ['XNYS', '1mo', '2024-06-01T00:00:00Z', 20240601],
  ])('%s %s at %s is of %i', (id, interval, time, date) => {
    expect(barSessionDate(calendarOf(id), intervalOf(interval), nsOf(time))).toEqual({
      ok: true,
      value: date,
    });
  });

  it('is unknown outside its years, and after the last session', () => {
    const minute = intervalOf('1m');
    const found = ['1999-12-31T15:00:00Z', '2030-12-31T22:00:00Z'].map((time) =>
      barSessionDate(calendarOf('XNYS'), minute, nsOf(time)),
    );
    expect(found.map((each) => (each.ok ? each.value : each.error.replace(/^.*(, not|: no)/, '$1')))).toEqual(
      [', not 1999-12-31T15:00:00Z', ': no session closes later'],
    );
  });
});

describe('a session', () => {
  it.each([
    ['XNYS', 20240705, '07-05T13:30 07-05T20:00'],
    ['XNYS', 20240703, '07-03T13:30 07-03T17:00'],
    ['XNYS', 20240704, undefined],
    ['XNYS', 20240706, undefined],
    ['XNYS', 20010911, undefined],
    ['XNAS', 20250109, undefined],
    // Frankfurt and London change their clocks on other days than New York.
    ['XNYS', 20240315, '03-15T13:30 03-15T20:00'],
    ['XETR', 20240315, '03-15T08:00 03-15T16:30'],
    ['XLON', 20240402, '04-02T07:00 04-02T15:30'],
    ['XTKS', 20241101, '11-01T00:00 11-01T06:00 11-01T02:30 11-01T03:30'],
    ['XTKS', 20241105, '11-05T00:00 11-05T06:30 11-05T02:30 11-05T03:30'],
    ['CMES', 20240705, '07-04T22:00 07-05T22:00'],
    ['24-7', 20240706, '07-06T00:00 07-07T00:00'],
    // The first of a week begins on Sunday; the clocks in New York change on 2024-03-10.
    ['FX', 20240311, '03-10T21:00 03-11T21:00'],
    ['FX', 20240308, '03-07T22:00 03-08T22:00'],
    ['FX', 20241225, undefined],
    ['CME-ENERGY', 20131007, '10-06T22:00 10-07T21:15'],
    ['CME-ENERGY', 20240705, '07-04T22:00 07-05T21:00'],
    // CME's equity index futures, before and after each change of their hours; 2012-11-12 was a Monday.
    ['CME-EQUITY', 20121112, '11-11T23:00 11-12T21:15'],
    ['CME-EQUITY', 20121113, '11-12T21:30 11-13T21:15 11-12T22:30 11-12T23:00'],
    ['CME-EQUITY', 20131007, '10-06T22:00 10-07T21:15 10-07T20:15 10-07T20:30'],
    ['CME-EQUITY', 20210625, '06-24T22:00 06-25T21:00 06-25T20:15 06-25T20:30'],
    ['CME-EQUITY', 20210628, '06-27T22:00 06-28T21:00'],
    ['CME-EQUITY', 20201126, '11-25T23:00 11-26T18:00'],
  ])('of %s on %i is %s', (id, date, expected) => {
    expect(hours(id, date)).toBe(expected);
  });

  it.each(CALENDAR_IDS)(
    'of %s opens before it closes, its breaks are within it, and none overlaps the next',
    (id) => {
      let lastNs = 0n;
      for (const { openNs, closeNs, breaks } of all(calendarOf(id))) {
        const times = [openNs, ...breaks.flatMap(({ startNs, endNs }) => [startNs, endNs]), closeNs];
        expect(times.every((ns, at) => at === 0 || ns > (times[at - 1] ?? 0n))).toBe(true);
        expect(openNs >= lastNs).toBe(true);
        lastNs = closeNs;
      }
    },
  );
});

describe('a question', () => {
  it('outside what is known is an error, not a guess', () => {
    const xnys = calendarOf('XNYS');
    const knows = 'calendar XNYS knows 2000-01-01 to 2030-12-31';
    expect(xnys.sessionOn(19991231)).toEqual({ ok: false, error: `${knows}, not 1999-12-31` });
    expect(xnys.sessions(20240101, 20310101)).toEqual({ ok: false, error: `${knows}, not 2031-01-01` });
    expect(xnys.sessionOn(20240230)).toEqual({ ok: false, error: '2024-02-30 is not a date that exists' });
    const outside = { ok: false, error: `${knows}, not 2031-01-01T00:00:00Z` };
    expect(xnys.isOpenAt(END_NS)).toEqual(outside);
    expect(xnys.sessionAt(END_NS)).toEqual(outside);
    expect(xnys.nextOpen(END_NS)).toEqual(outside);
    expect(xnys.previousClose(END_NS)).toEqual(outside);
    expect(xnys.openNsBetween(FIRST_NS, END_NS + 1n).ok).toBe(false);
    expect(xnys.expectedCount(intervalOf('1d'), FIRST_NS - 1n, END_NS).ok).toBe(false);
    expect(xnys.nextOpen(END_NS - 1n)).toEqual({ ok: false, error: `${knows}: no session opens later` });
    expect(xnys.previousClose(FIRST_NS)).toEqual({ ok: false, error: `${knows}: no session closed earlier` });
  });

  it('of a calendar that there is not names those that there are', () => {
    const found = calendar('NYSX');
    expect(found.ok ? '' : found.error).toContain('no calendar is called "NYSX": there are XNYS, XNAS');
    expect(calendar('__proto__').ok).toBe(false);
    expect(calendarOf('nyse')).toBe(calendarOf('XNYS'));
  });

  it.each(CALENDAR_IDS)('of %s about any time has the answer of its sessions', (id) => {
    const of = calendarOf(id);
    const sessions = all(of, 20230101, 20241231);
    const edges = sessions.flatMap(({ openNs, closeNs, breaks }) => [
      openNs,
      closeNs,
      ...breaks.flatMap(({ startNs, endNs }) => [startNs, endNs]),
    ]);
    const times = fc.oneof(
      fc.bigInt({ min: nsOf('2023-02-01'), max: nsOf('2024-12-01') }),
      fc
        .tuple(fc.constantFrom(...edges.slice(100, -200)), fc.constantFrom(-1n, 0n, 1n))
        .map(([ns, by]) => ns + by),
    );
    fc.assert(
      fc.property(times, (timeNs) => {
        const within = sessions.find(({ openNs, closeNs }) => openNs <= timeNs && timeNs < closeNs);
        const paused =
          within?.breaks.some(({ startNs, endNs }) => startNs <= timeNs && timeNs < endNs) === true;
        expect(of.isOpenAt(timeNs)).toEqual({ ok: true, value: within !== undefined && !paused });
        expect(of.sessionDateOf(timeNs)).toEqual({ ok: true, value: within?.date });
        expect(of.sessionAt(timeNs)).toEqual({ ok: true, value: within });
        const next = sessions.find(({ openNs }) => openNs > timeNs)?.openNs;
        expect(of.nextOpen(timeNs)).toEqual({ ok: true, value: next });
        const last = sessions.findLast(({ closeNs }) => closeNs <= timeNs)?.closeNs;
        expect(of.previousClose(timeNs)).toEqual({ ok: true, value: last });
      }),
      { numRuns: 300 },
    );
  });

  it('about open time adds up what sessions have without their breaks', () => {
    const xtks = calendarOf('XTKS');
    const hour = 3_600_000_000_000n;
    const between = (from: string, to: string) => xtks.openNsBetween(nsOf(from), nsOf(to));
    expect(between('2024-06-07', '2024-06-08')).toEqual({ ok: true, value: 5n * hour });
    expect(between('2024-06-07T02:00', '2024-06-07T04:00')).toEqual({ ok: true, value: hour });
    // Over a weekend: the last hour of Friday, the first of Monday.
    expect(between('2024-06-07T05:00', '2024-06-10T01:00')).toEqual({ ok: true, value: 2n * hour });
    expect(between('2024-06-10', '2024-06-07')).toEqual({ ok: true, value: 0n });
    expect(calendarOf('24-7').openNsBetween(FIRST_NS, END_NS)).toEqual({
      ok: true,
      value: END_NS - FIRST_NS,
    });
  });
});

describe('expected bars', () => {
  const starts = (id: string, interval: string, from: string, to: string): readonly string[] => {
    const found = calendarOf(id).expectedStarts(intervalOf(interval), nsOf(from), nsOf(to));
    if (!found.ok) throw new Error(found.error);
    return Array.from(found.value, (ns) => formatNs(ns).slice(5, 16));
  };

  it.each([
    // The bar of the half hour before the opening holds its first half hour.
    ['XNYS', '1h', '2024-07-03', '2024-07-04', ['07-03T13:00', '07-03T14:00', '07-03T15:00', '07-03T16:00']],
    ['XNYS', '1h', '2024-07-03T13:00:00.000000001Z', '2024-07-03T16:00', ['07-03T14:00', '07-03T15:00']],
    // The lunch break is from 02:30 to 03:30 UTC; the close at 06:00 starts no bar.
    [
      'XTKS',
      '30m',
      '2024-06-07T02:00',
      '2024-06-08',
      ['07T02:00', '07T03:30', '07T04:00', '07T04:30', '07T05:00', '07T05:30'].map((text) => `06-${text}`),
    ],
    // Two sessions share a bar of four hours; the week ends with the one of Friday 20:00 and begins on Sunday at 21:00.
    [
      'FX',
      '4h',
      '2024-07-05T16:00',
      '2024-07-08T01:00',
      ['07-05T16:00', '07-05T20:00', '07-07T20:00', '07-08T00:00'],
    ],
    ['XNYS', '1d', '2024-07-03', '2024-07-09', ['07-03T00:00', '07-05T00:00', '07-08T00:00']],
    // The session of Monday opens on Sunday; its bar starts on Monday.
    ['CMES', '1d', '2024-07-05', '2024-07-09', ['07-05T00:00', '07-08T00:00']],
    ['XNYS', '1w', '2024-07-02', '2024-07-16', ['07-08T00:00', '07-15T00:00']],
    ['XNYS', '1mo', '2024-07-01', '2024-10-01', ['07-01T00:00', '08-01T00:00', '09-01T00:00']],
    ['24-7', '1d', '2024-07-06', '2024-07-08', ['07-06T00:00', '07-07T00:00']],
    ['XNYS', '1m', '2024-07-06', '2024-07-08', []],
    ['XNYS', '1m', '2024-07-09', '2024-07-08', []],
  ])('of %s in %s from %s to %s', (id, interval, from, to, expected) => {
    expect(starts(id, interval, from, to)).toEqual(expected);
  });

  it.each(CALENDAR_IDS)('of %s are as many as counted, in order, and hold some of a session', (id) => {
    const of = calendarOf(id);
    const intervals = fc
      .constantFrom('10s', '1m', '5m', '1h', '4h', '12h', '1d', '1w', '1mo')
      .map(intervalOf);
    const times = fc.bigInt({ min: FIRST_NS, max: END_NS });
    fc.assert(
      fc.property(
        intervals,
        times,
        fc.bigInt({ min: 0n, max: 12n * 86_400_000_000_000n }),
        (interval, from, length) => {
          const to = from + length > END_NS ? END_NS : from + length;
          const expected = of.expectedStarts(interval, from, to);
          if (!expected.ok) throw new Error(expected.error);
          const found = [...expected.value];
          expect(of.expectedCount(interval, from, to)).toEqual({ ok: true, value: found.length });
          expect(
            found.every((ns, at) => ns >= (at === 0 ? from : (found[at - 1] ?? 0n) + 1n) && ns < to),
          ).toBe(true);
          if (interval.kind !== 'fixed' || interval.lengthNs >= 86_400_000_000_000n) return;
          const covered = found.every((ns) => {
            const open = of.openNsBetween(
              ns,
              ns + interval.lengthNs > END_NS ? END_NS : ns + interval.lengthNs,
            );
            return open.ok && open.value > 0n;
          });
          expect(covered).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of three parts of a range are those of the whole', () => {
    const of = calendarOf('XTKS');
    const count = (from: bigint, to: bigint): number => {
      const counted = of.expectedCount(intervalOf('15m'), from, to);
      return counted.ok ? counted.value : NaN;
    };
    const times = fc.bigInt({ min: nsOf('2024-01-01'), max: nsOf('2024-03-01') });
    fc.assert(
      fc.property(fc.array(times, { minLength: 4, maxLength: 4 }), (cuts) => {
        const [a = 0n, b = 0n, c = 0n, d = 0n] = cuts.toSorted((x, y) => Number(x - y));
        expect(count(a, b) + count(b, c) + count(c, d)).toBe(count(a, d));
      }),
    );
  });
});
