import type { EventKind } from './arguments.ts';
import { intervalOf, type MarketEvents } from './market-events.ts';
import type { MarketRecord } from './market-record.ts';
import type { Match } from './match.ts';

/** What one subscriber wants. */
export interface EventFilter {
  /** Undefined: every symbol. */
  readonly symbols: ReadonlySet<string> | undefined;
  readonly kinds: ReadonlySet<EventKind>;
  /** "": every source. */
  readonly source: string;
  /** Undefined: every interval. Trades and quotes have none and always pass. */
  readonly intervals: ReadonlySet<string> | undefined;
  /** Events before it are left out. */
  readonly sinceNs: bigint | undefined;
  /** Events at or after it are left out. */
  readonly untilNs: bigint | undefined;
}

/** What of a record a subscriber gets, ready to send; undefined: nothing. */
export function matchRecord(filter: EventFilter, record: MarketRecord): Match | undefined {
  return wantedEvents(filter, record) === undefined ? undefined : record.matchWithin(filter);
}

/** The events of a record that is of a wanted series, whatever their times; undefined: it is of another, or has none. */
export function wantedEvents(
  filter: EventFilter,
  { events, header }: MarketRecord,
): MarketEvents | undefined {
  if (events === undefined || !filter.kinds.has(events.kind)) return undefined;
  if (filter.symbols?.has(header.symbol) === false) return undefined;
  if (filter.source !== '' && filter.source !== header.source) return undefined;
  const interval = intervalOf(events);
  return interval !== '' && filter.intervals?.has(interval) === false ? undefined : events;
}
