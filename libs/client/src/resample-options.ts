import { queryV1 } from '@tickwell/contracts';

/** Where bars that are made begin and end: by UTC, or by the sessions of the calendar, without or with what trades outside of them. */
export type BarAlignment = 'utc' | 'sessions' | 'sessions-all-hours';

/** What becomes of intervals without a bar: none, one without prices (NaN), or one at the last close; of volume 0 either way. */
export type EmptyIntervals = 'absent' | 'none' | 'carried';

/** Bars that are made of others, or of ticks, when they are read. */
export interface ResampleOptions {
  /**
   * Bars of `interval` are made of these: an interval of stored bars that divides it ("1m"), "trades", or "quotes" (`priceType` bid, ask or mid). Of
   * trades and quotes `interval` may be "100tick", "5000volume" or "1000000dollar", too. Left out: bars as they are stored.
   */
  readonly resampleFrom?: string;
  /** With `resampleFrom`; left out: utc. */
  readonly alignment?: BarAlignment;
  /** With `resampleFrom`; left out: absent. */
  readonly empty?: EmptyIntervals;
}

const ALIGNMENTS: Readonly<Record<BarAlignment, queryV1.BarAlignment>> = {
  utc: queryV1.BarAlignment.UNSPECIFIED,
  sessions: queryV1.BarAlignment.SESSIONS,
  'sessions-all-hours': queryV1.BarAlignment.SESSIONS_ALL_HOURS,
};

const EMPTY: Readonly<Record<EmptyIntervals, queryV1.EmptyIntervals>> = {
  absent: queryV1.EmptyIntervals.UNSPECIFIED,
  none: queryV1.EmptyIntervals.NONE,
  carried: queryV1.EmptyIntervals.CARRIED,
};

/** The fields of a request that say so. */
export function resampleFields({
  resampleFrom = '',
  alignment = 'utc',
  empty = 'absent',
}: ResampleOptions): Pick<queryV1.GetBarsRequest, 'resampleFrom' | 'alignment' | 'empty'> {
  return { resampleFrom, alignment: ALIGNMENTS[alignment], empty: EMPTY[empty] };
}
