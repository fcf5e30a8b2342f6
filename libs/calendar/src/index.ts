export { barSessionDate } from './bar-session.ts';
export { Calendar, type Session } from './calendar.ts';
export type { ExpectedRun } from './expected.ts';
export { calendar, CALENDAR_IDS } from './registry.ts';
export * from './session-date.ts';
