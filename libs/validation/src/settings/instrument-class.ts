import { INSTRUMENT_TYPES } from '@tickwell/instruments';

/** Types of the instrument map, and what it does not know. */
export const INSTRUMENT_CLASSES = [...INSTRUMENT_TYPES, 'unknown'] as const;
export type InstrumentClass = (typeof INSTRUMENT_CLASSES)[number];

/** What holds of an instrument whose calendar nobody named: the market of these never depends on a place. */
export const CLASS_CALENDARS: Partial<Readonly<Record<InstrumentClass, string>>> = {
  crypto: '24-7',
  currency: 'FX',
};
