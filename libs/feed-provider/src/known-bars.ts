import { NS_PER_DAY, type Interval } from '@tickwell/domain';
import { isDayOrLonger } from './chunk-builder.ts';
import type { Event } from './row.ts';

/** Bars that come again before a new one: vendors revise the last ones. */
const REPEATED_BARS = 5;
/** Five sessions, with a weekend and a holiday between them. */
const DAYS_BACK = 9n;

interface Known {
  readonly event: Event;
  readonly seq: bigint;
}

/**
 * The last bars of an earlier run of a stream that goes on. They are delivered once more, before the first new bar and only with one: what
 * the vendor has revised since becomes a correction, and what is equal is a duplicate.
 */
export class KnownBars {
  #last: Known[] = [];

  add(event: Event, seq: bigint): void {
    if (event.kind !== 'bars') return;
    this.#last.push({ event, seq });
    if (this.#last.length > REPEATED_BARS) this.#last.shift();
  }

  /** Oldest first; none after the first time. */
  take(): readonly Known[] {
    const known = this.#last;
    this.#last = [];
    return known;
  }
}

/** How far before the last bar the next run has to ask from. */
export function lookBackNs(interval: Interval | undefined): bigint {
  if (interval === undefined) return 0n;
  if (!isDayOrLonger(interval))
    return interval.kind === 'fixed' ? BigInt(REPEATED_BARS) * interval.lengthNs : 0n;
  const lengthDays = interval.kind === 'fixed' ? undefined : interval.kind === 'week' ? 7n : 31n;
  return NS_PER_DAY * (lengthDays === undefined ? DAYS_BACK : BigInt(REPEATED_BARS) * lengthDays);
}
