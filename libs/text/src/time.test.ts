import { parseIsoTime, parseTimeZone, type TimeZone } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cell } from './cells.ts';
import { createTimeParser } from './time-parser.ts';

function zone(name: string): TimeZone {
  const parsed = parseTimeZone(name);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function ns(iso: string): bigint {
  const parsed = parseIsoTime(iso);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function read(
  cell: Cell,
  options: { format?: string; zone?: string; sample?: Cell; baseDate?: string } = {},
): bigint | undefined {
  const parser = createTimeParser({
    format: options.format ?? 'auto',
    zone: zone(options.zone ?? 'UTC'),
    baseDate: options.baseDate,
    sample: options.sample ?? cell,
  });
  if (!parser.ok) throw new Error(parser.error);
  return parser.value.instantNs(cell);
}

describe('time zones', () => {
  it.each([
    // Winter and summer of New York.
    ['America/New_York', '2013-10-07T09:30:00', '2013-10-07T13:30:00Z'],
    ['America/New_York', '2013-12-07T09:30:00', '2013-12-07T14:30:00Z'],
    // 2013-11-03 repeats 01:00 to 02:00: the first of both; after it standard time.
    ['America/New_York', '2013-11-03T00:59:59', '2013-11-03T04:59:59Z'],
    ['America/New_York', '2013-11-03T01:30:00', '2013-11-03T05:30:00Z'],
    ['America/New_York', '2013-11-03T02:00:00', '2013-11-03T07:00:00Z'],
    // 2013-03-10 leaves out 02:00 to 03:00: as long after the change as the clock claims.
    ['America/New_York', '2013-03-10T01:59:59', '2013-03-10T06:59:59Z'],
    ['America/New_York', '2013-03-10T02:30:00', '2013-03-10T07:30:00Z'],
    ['America/New_York', '2013-03-10T03:00:00', '2013-03-10T07:00:00Z'],
    // A change of half an hour, at a half hour of UTC.
    ['Australia/Lord_Howe', '2024-10-06T01:59:00', '2024-10-05T15:29:00Z'],
    ['Australia/Lord_Howe', '2024-10-06T02:30:00', '2024-10-05T15:30:00Z'],
    ['Asia/Kolkata', '2024-01-01T05:30:00', '2024-01-01T00:00:00Z'],
    ['-05:00', '2014-07-01T00:00:00', '2014-07-01T05:00:00Z'],
    ['UTC-5', '2014-07-01T00:00:00', '2014-07-01T05:00:00Z'],
  ])('%s: %s is %s', (name, wall, instant) => {
    expect(zone(name).toInstantNs(ns(`${wall}Z`))).toBe(ns(instant));
  });

  it('brings every wall clock back to its instant, outside the repeated hours', () => {
    const places = fc.constantFrom(
      'America/New_York',
      'Europe/London',
      'Asia/Tokyo',
      'Australia/Lord_Howe',
      'America/Sao_Paulo',
    );
    fc.assert(
      fc.property(places, fc.integer({ min: 0, max: 1_900_000_000 }), (name, second) => {
        const place = zone(name);
        const ms = second * 1000;
        const wall = ms + place.offsetMs(ms);
        const back = Number(place.toInstantNs(BigInt(wall) * 1_000_000n) / 1_000_000n);
        // In a repeated hour it is the first of both, which reads the same on the wall.
        expect(back + place.offsetMs(back)).toBe(wall);
        expect(back).toBeLessThanOrEqual(ms);
        expect(ms - back).toBeLessThanOrEqual(3_600_000);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a place that does not exist', () => {
    expect(parseTimeZone('Mars/Olympus')).toMatchObject({ ok: false });
  });
});

describe('time formats', () => {
  it.each([
    ['1385337600', '2013-11-25T00:00:00Z'],
    ['1385337600123', '2013-11-25T00:00:00.123Z'],
    ['1385337600123456', '2013-11-25T00:00:00.123456Z'],
    ['1385337600123456789', '2013-11-25T00:00:00.123456789Z'],
    ['1525699800.001532078', '2018-05-07T13:30:00.001532078Z'],
    [1_385_337_600, '2013-11-25T00:00:00Z'],
    ['20131125', '2013-11-25T00:00:00Z'],
    ['20110103 090100', '2011-01-03T09:01:00Z'],
    ['20131125093000', '2013-11-25T09:30:00Z'],
    ['2013-11-25', '2013-11-25T00:00:00Z'],
    ['2018-05-07 13:30:00.001532078', '2018-05-07T13:30:00.001532078Z'],
    ['2013-01-01 22:00:00.295000+00:00', '2013-01-01T22:00:00.295Z'],
    ['2022-01-03 00:00:00+08:00', '2022-01-02T16:00:00Z'],
  ])('finds out %s', (text, iso) => {
    expect(read(text)).toBe(ns(iso));
  });

  it('fixes the format by the first time: a short number later is no date', () => {
    expect(read('20131125', { sample: '1385337600' })).toBe(20_131_125n * 1_000_000_000n);
    expect(read('2013-11-25', { sample: '1385337600' })).toBeUndefined();
  });

  it('asks where day and month may be confused, and takes the answer', () => {
    expect(() => read('01/03/2017')).toThrow('may be day/month or month/day');
    expect(read('01/03/2017', { format: 'MM/DD/YYYY' })).toBe(ns('2017-01-03'));
    expect(read('1/3/2017 9:30', { format: 'D/M/YYYY H:mm' })).toBe(ns('2017-03-01T09:30:00Z'));
    expect(read('Jan 1 2000', { format: 'MMM D YYYY' })).toBe(ns('2000-01-01'));
    expect(read('20210104 092900400', { format: 'YYYYMMDD HHmmssSSS', zone: 'Asia/Shanghai' })).toBe(
      ns('2021-01-04T01:29:00.400Z'),
    );
  });

  it.each(['2023-02-30', '2023-13-01', '2023-01-01T25:00:00', '0001-01-01', 'soon', ''])(
    'refuses %j',
    (text) => {
      expect(read(text, { format: 'iso' })).toBeUndefined();
    },
  );

  it('counts milliseconds of a day on the wall clock of the file', () => {
    expect(read('14430270', { format: 'ms-of-day', baseDate: '2013-10-07', zone: 'America/New_York' })).toBe(
      ns('2013-10-07T08:00:30.270Z'),
    );
    expect(() => read('1', { format: 'ms-of-day' })).toThrow('needs the day of the file');
  });

  it('refuses a pattern without a whole date', () => {
    expect(() => read('x', { format: 'HH:mm' })).toThrow('needs at least YYYY');
  });

  it('keeps every nanosecond of an epoch time', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 10n ** 17n, max: 4n * 10n ** 18n }), (time) => {
        expect(read(time.toString(), { format: 'epoch-ns' })).toBe(time);
        expect(
          read(`${time / 1_000_000_000n}.${(time % 1_000_000_000n).toString().padStart(9, '0')}`, {
            format: 'epoch-s',
          }),
        ).toBe(time);
      }),
    );
  });
});
