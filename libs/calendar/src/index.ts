export { Calendar, type Session } from './calendar.ts';
export { calendar, CALENDAR_IDS } from './registry.ts';
export * from './session-date.ts';
