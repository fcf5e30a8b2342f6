import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dashedText,
  dateText,
  hourMinuteText,
  hoursText,
  knownZone,
  midnightMs,
  parseIbTime,
  zonedText,
  zonelessText,
} from './ib-time.ts';

const EASTERN = knownZone('US/Eastern');
const UTC = knownZone('UTC');
/** 2024-01-10 09:30 in New York. */
const OPEN_MS = Date.UTC(2024, 0, 10, 14, 30);

describe('written times', () => {
  test('in all of IB’s ways', () => {
    expect(zonedText(OPEN_MS, EASTERN)).toBe('20240110 09:30:00 US/Eastern');
    expect(zonelessText(OPEN_MS, EASTERN)).toBe('20240110  09:30:00');
    expect(dashedText(OPEN_MS, UTC)).toBe('20240110-14:30:00');
    expect(hoursText(OPEN_MS, EASTERN)).toBe('20240110:0930');
    expect(hourMinuteText(OPEN_MS, EASTERN)).toBe('09:30');
    expect(dateText(OPEN_MS, EASTERN)).toBe('20240110');
  });

  test('are read back', () => {
    const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(seconds, fc.constantFrom('US/Eastern', 'Asia/Tokyo', 'UTC'), (second, name) => {
        const zone = knownZone(name);
        const text = zonedText(second * 1000, zone);
        const read = parseIbTime(text, UTC);
        // In the hour that a fall change repeats, the text fits two instants.
        expect(read.ok && zonedText(read.value, zone)).toBe(text);
        expect(parseIbTime(dashedText(second * 1000, UTC), EASTERN)).toEqual({
          ok: true,
          value: second * 1000,
        });
      }),
    );
  });
});

describe('read times', () => {
  test.each([
    ['20240110 09:30:00 US/Eastern', OPEN_MS],
    ['20240110 09:30:00', OPEN_MS],
    ['20240110  09:30:00', OPEN_MS],
    ['20240110 14:30:00 UTC', OPEN_MS],
    ['20240110 14:30:00 GMT', OPEN_MS],
    ['20240110-14:30:00', OPEN_MS],
    ['20240110 9:30', OPEN_MS],
    ['20240110 09:30:00 EST', OPEN_MS],
    ['20240110 09:30:00 America/New_York', OPEN_MS],
    ['1704897000', OPEN_MS],
    ['20240110', Date.UTC(2024, 0, 10, 5)],
    ['20240710 09:30:00 US/Eastern', Date.UTC(2024, 6, 10, 13, 30)],
  ])('%s', (text, timeMs) => {
    expect(parseIbTime(text, EASTERN)).toEqual({ ok: true, value: timeMs });
  });

  test.each([
    '',
    'yesterday',
    '2024-01-10 09:30:00',
    '20240230 00:00:00',
    '20240110 25:00:00',
    '20240110 09:30:00 Mars/Olympus',
  ])('"%s" is none', (text) => {
    expect(parseIbTime(text, EASTERN)).toMatchObject({ ok: false });
  });
});

test('midnight of a date is that of its zone, also on the day of a change', () => {
  expect(midnightMs('20240310', EASTERN)).toBe(Date.UTC(2024, 2, 10, 5));
  expect(midnightMs('20240311', EASTERN)).toBe(Date.UTC(2024, 2, 11, 4));
});
