import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecorded } from './archive.ts';
import { dateText, dayOf } from './calendar-rules.ts';
import {
  cmeCalendar,
  cryptoCalendar,
  currencyCalendar,
  usIndexCalendar,
  usStockCalendar,
  type ExchangeCalendar,
} from './calendar.ts';
import { splitRows } from './rows.ts';

const iso = (ms: number | undefined): string => new Date(ms ?? Number.NaN).toISOString().slice(0, 16);

function hours(calendar: ExchangeCalendar, year: number, month: number, day: number): string | undefined {
  const found = calendar.tradingDay(dayOf(year, month, day));
  return found && [found.startMs, found.regularStartMs, found.regularEndMs, found.endMs].map(iso).join(' ');
}

describe('sessions', () => {
  it('keep their wall clock over the changes of daylight saving time', () => {
    const shares = usStockCalendar();
    expect(hours(shares, 2026, 3, 6)).toBe(
      '2026-03-06T09:00 2026-03-06T14:30 2026-03-06T21:00 2026-03-07T01:00',
    );
    expect(hours(shares, 2026, 3, 9)).toBe(
      '2026-03-09T08:00 2026-03-09T13:30 2026-03-09T20:00 2026-03-10T00:00',
    );
    expect(hours(shares, 2026, 11, 2)).toBe(
      '2026-11-02T09:00 2026-11-02T14:30 2026-11-02T21:00 2026-11-03T01:00',
    );
    // Clocks change on Sunday morning; the session of Monday opens that evening.
    expect(hours(currencyCalendar(), 2026, 3, 9)).toMatch(/^2026-03-08T21:15 .* 2026-03-09T21:00$/);
    expect(hours(cmeCalendar(), 2026, 11, 2)).toMatch(/^2026-11-01T23:00 .* 2026-11-02T22:00$/);
  });

  it('of currencies and futures belong to the day they end on, with a break between them', () => {
    const fx = currencyCalendar();
    expect(fx.tradingDayAt(Date.parse('2026-11-22T22:15:00Z'))?.date).toBe('20261123');
    expect(fx.tradingDayAt(Date.parse('2026-11-22T22:14:59Z'))).toBeUndefined();
    expect(fx.tradingDayAt(Date.parse('2026-11-20T21:59:59Z'))?.date).toBe('20261120');
    expect(fx.tradingDayAt(Date.parse('2026-11-20T22:30:00Z'))).toBeUndefined();
    const cme = cmeCalendar();
    expect(cme.tradingDayAt(Date.parse('2026-11-23T22:30:00Z'))).toBeUndefined();
    expect(cme.tradingDayAt(Date.parse('2026-11-23T23:00:00Z'))?.date).toBe('20261124');
  });

  it('end early before holidays, and weekends have none but for coins', () => {
    expect(hours(usStockCalendar(), 2026, 11, 26)).toBeUndefined();
    expect(hours(usStockCalendar(), 2026, 11, 27)).toBe(
      '2026-11-27T09:00 2026-11-27T14:30 2026-11-27T18:00 2026-11-27T22:00',
    );
    expect(hours(usIndexCalendar(), 2026, 11, 27)).toMatch(/2026-11-27T18:00$/);
    expect(hours(cmeCalendar(), 2026, 11, 26)).toMatch(/2026-11-26T18:00$/);
    expect(hours(usStockCalendar(), 2026, 11, 28)).toBeUndefined();
    expect(hours(cryptoCalendar(), 2026, 11, 28)).toMatch(/^2026-11-28T00:00 .* 2026-11-29T00:00$/);
  });
});

const DATA = process.env['TICKWELL_TEST_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data');
const CALENDARS = join(DATA, 'exchange_calendars');

describe.skipIf(!existsSync(CALENDARS))(
  'the rules against the library exchange_calendars, 2013 to 2026',
  () => {
    it.each([
      ['XNYS', usStockCalendar(), 'regularStartMs'],
      ['CMES', cmeCalendar(), 'startMs'],
    ] as const)('%s', (name, calendar, opening) => {
      const rows = splitRows(readRecorded(join(CALENDARS, `generated_${name}_2007_2026.csv.gz`)), 1);
      const expected = rows
        .filter(([date = '']) => date >= '2013')
        .map(([date = '', open = '', , , , early]) => [
          date.replaceAll('-', ''),
          open.slice(0, 16),
          early === 'True',
        ]);
      const ours = [];
      for (let day = dayOf(2013, 1, 1); day < dayOf(2027, 1, 1); day++) {
        const session = calendar.tradingDay(day);
        if (session === undefined) continue;
        const early = session.regularEndMs - session.regularStartMs < 6.5 * 3_600_000;
        ours.push([dateText(day), iso(session[opening]).replace('T', ' '), early]);
      }
      expect(ours).toEqual(expected);
      expect(ours.length).toBeGreaterThan(3500);
    });
  },
);
