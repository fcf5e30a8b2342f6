import { DIFFERENCE_CLASSES, type DifferenceClass } from '@tickwell/domain';

/** Classes for which a policy may say how the winner is chosen; where all is equal nothing has to be chosen. */
export const CHOSEN_CLASSES = DIFFERENCE_CLASSES.slice(1);

/**
 * `prefer`: the first source in the policy's order. `newest`: the version known last. `most-volume`. `median`: the source nearest to the medians of
 * open, high, low and close. `majority`: more than half of them agree, the first of those; else as `prefer`.
 */
export const CHOICES = ['prefer', 'newest', 'most-volume', 'median', 'majority'] as const;
export type Choice = (typeof CHOICES)[number];

/** How the bars of several sources are reconciled. */
export interface ReconcileRules {
  /** The preferred first; at least two. */
  readonly sources: readonly string[];
  /** Prices that differ by at most so much are the same, rounded; 0: only what the decimals of the two explain. */
  readonly tick: number;
  /** The same as a share of the price. */
  readonly priceTolerance: number;
  /** As a share of the volume. */
  readonly volumeTolerance: number;
  readonly choose: Readonly<Record<DifferenceClass, Choice>>;
  /** Newest bars that are kept to be compared. */
  readonly windowBars: number;
  /** Decisions only, no reconciled series. */
  readonly watchOnly: boolean;
}

export const DEFAULT_CHOOSE: ReconcileRules['choose'] = {
  equal: 'prefer',
  rounding: 'prefer',
  missing: 'prefer',
  'late-trade': 'most-volume',
  session: 'prefer',
  adjustment: 'prefer',
  'bad-print': 'prefer',
  unexplained: 'majority',
};

/** The source of the reconciled series. */
export const RECONCILED_SOURCE = 'reconciled';
export const MAX_RECONCILED_SOURCES = 8;
export const DEFAULT_WINDOW_BARS = 256;
export const MAX_WINDOW_BARS = 4_096;

/** The class that names a bar with several differences. */
export function heaviest(classes: readonly DifferenceClass[]): DifferenceClass {
  const weights = classes.map((each) => DIFFERENCE_CLASSES.indexOf(each));
  return DIFFERENCE_CLASSES[Math.max(0, ...weights)] ?? 'equal';
}
