import { err, ok, type Result } from '@tickwell/domain';
import { Calendar } from './calendar.ts';
import type { CalendarData } from './data.ts';
import { CME_ENERGY } from './data/cme-energy.ts';
import { CME_EQUITY } from './data/cme-equity.ts';
import { CMES } from './data/cmes.ts';
import { FX, ROUND_THE_CLOCK } from './data/round-the-clock.ts';
import { XETR } from './data/xetr.ts';
import { XLON } from './data/xlon.ts';
import { XNYS } from './data/xnys.ts';
import { XTKS } from './data/xtks.ts';

/** Nasdaq's days and hours are those of New York. */
const XNAS: CalendarData = { ...XNYS, id: 'XNAS', name: 'Nasdaq' };

const CALENDARS = new Map(
  [XNYS, XNAS, XLON, XETR, XTKS, CMES, CME_EQUITY, CME_ENERGY, FX, ROUND_THE_CLOCK].map((data) => [
    data.id,
    data,
  ]),
);

/** Other names that instruments' definitions use. */
const ALIASES: Readonly<Record<string, string>> = {
  NYSE: 'XNYS',
  NASDAQ: 'XNAS',
  LSE: 'XLON',
  XETRA: 'XETR',
  JPX: 'XTKS',
  NYMEX: 'CME-ENERGY',
  CRYPTO: '24-7',
  '24/7': '24-7',
};

/** Bounded by the number of calendars. */
const built = new Map<string, Calendar>();

export const CALENDAR_IDS: readonly string[] = [...CALENDARS.keys()];

/** The calendar of an id such as "XNYS" or of another name of it such as "NYSE". Built once a process. */
export function calendar(name: string): Result<Calendar, string> {
  const upper = name.toUpperCase();
  const id = Object.hasOwn(ALIASES, upper) ? (ALIASES[upper] ?? upper) : upper;
  const data = CALENDARS.get(id);
  if (data === undefined)
    return err(`no calendar is called "${name}": there are ${CALENDAR_IDS.join(', ')} (docs/calendars.md)`);
  const known = built.get(id) ?? new Calendar(data);
  built.set(id, known);
  return ok(known);
}
