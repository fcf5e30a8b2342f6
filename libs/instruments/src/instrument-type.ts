export const INSTRUMENT_TYPES = [
  'stock',
  'etf',
  'fund',
  'index',
  'currency',
  'crypto',
  'commodity',
  'bond',
  'cfd',
  'future',
  'continuous',
] as const;
export type InstrumentType = (typeof INSTRUMENT_TYPES)[number];
