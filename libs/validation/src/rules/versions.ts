import type { VersionRules } from '../rule.ts';
import { MAX_VERSIONS, MAX_VERSIONS_PER_SERIES } from '../version-windows.ts';

/** Versions of bars: of one source, symbol, interval and price type, over all the streams that bring them. */
export function versioned<C>(values: VersionRules<C>['values']): VersionRules<C> {
  return {
    values,
    unchanged: {
      id: 'unchanged',
      severity: 'duplicate',
      description:
        'The newest version of the bar, from whichever stream of its source, has the same values and price basis: counted, no new version. Remembered of the newest bars of a series (source, interval, price type), fewer where a symbol has many series.',
      parameters: { barsPerSeries: MAX_VERSIONS_PER_SERIES, barsPerSymbol: MAX_VERSIONS },
      explain: () => 'equals its newest version',
    },
    superseded: {
      id: 'superseded',
      severity: 'reject',
      description:
        'The values differ from those that were there before this stream began, and another stream that began later has confirmed those: as the newest version this one would be wrong.',
      parameters: {},
      explain: () =>
        'its values differ from those of a version that a stream which began later has confirmed',
    },
  };
}
