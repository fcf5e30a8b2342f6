import type { CalendarData } from '../data.ts';

/** Every day, cut at midnight UTC: a crypto exchange. */
export const ROUND_THE_CLOCK: CalendarData = {
  id: '24-7',
  name: 'round the clock, every day (crypto)',
  zone: 'UTC',
  source: 'by definition',
  weekends: true,
  hours: [{ from: 20000101, open: '00:00', close: '24:00', pauses: [] }],
  closed: [],
  special: [],
};

/** The trading day of currencies ends at 17:00 in New York: Sunday 17:00 to Friday 17:00, but for Christmas and New Year's Day. */
export const FX: CalendarData = {
  id: 'FX',
  name: 'currencies: from 17:00 to 17:00 in New York, Sunday to Friday',
  zone: 'America/New_York',
  source: 'by definition; closed on 1 January and 25 December',
  weekends: false,
  hours: [{ from: 20000101, open: '-17:00', close: '17:00', pauses: [] }],
  closed: Array.from({ length: 31 }, (_, year) => `${2000 + year} 0101 1225`),
  special: [],
};
