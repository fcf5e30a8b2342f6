/**
 * What is known of a calendar: regular hours by era, days off and special days as data. Times are wall clocks "HH:MM" of `zone`
 * on the session's date; a leading minus means on the day before ("-17:00"), "24:00" is its end.
 */
export interface CalendarData {
  readonly id: string;
  readonly name: string;
  /** IANA name: daylight saving time comes from it. */
  readonly zone: string;
  /** Where the facts are from. */
  readonly source: string;
  /** Whether Saturdays and Sundays are ordinary days. */
  readonly weekends: boolean;
  /** In order of `from`; the first begins with the calendar. */
  readonly hours: readonly Hours[];
  /** Weekdays without a session: a line a year, "2024 0101 0115". */
  readonly closed: readonly string[];
  readonly special: readonly SpecialHours[];
}

export interface Hours {
  /** First session date (yyyymmdd). */
  readonly from: number;
  readonly open: string;
  readonly close: string;
  /** Within the session; what an opening or an early close cuts off falls away. */
  readonly pauses: readonly { readonly start: string; readonly end: string }[];
  /** The opening where the day before had no session, or one that closed early. */
  readonly openAfterPause?: string;
}

/** Days that open late or close early. */
interface SpecialHours {
  readonly open?: string;
  readonly close?: string;
  readonly days: readonly string[];
}
