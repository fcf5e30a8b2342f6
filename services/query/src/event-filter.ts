import type { EventKind } from './arguments.ts';
import { intervalOf } from './market-events.ts';
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
  const { events, header } = record;
  if (events === undefined || !filter.kinds.has(events.kind)) return undefined;
  if (filter.symbols?.has(header.symbol) === false) return undefined;
  if (filter.source !== '' && filter.source !== header.source) return undefined;
  const interval = intervalOf(events);
  if (interval !== '' && filter.intervals?.has(interval) === false) return undefined;
  return record.matchWithin(filter);
}
