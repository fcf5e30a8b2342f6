/**
 * Why two sources say different things about one bar, the weakest first: of several differences the last one names the bar's class.
 * `docs/reconciliation.md` defines each, with an example.
 */
export const DIFFERENCE_CLASSES = [
  'equal',
  'rounding',
  'missing',
  'late-trade',
  'session',
  'adjustment',
  'bad-print',
  'unexplained',
] as const;
export type DifferenceClass = (typeof DIFFERENCE_CLASSES)[number];
