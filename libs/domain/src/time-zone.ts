import { err, ok, type Result } from './result.ts';
import { NS_PER_MS } from './time.ts';

/** Every change of every zone since 1970 falls on a quarter of an hour UTC, so one lookup per quarter is exact. */
const QUARTER_MS = 900_000;
const MAX_CACHED_QUARTERS = 100_000;

/** Wall clocks of one place. Immutable but for its cache. */
export interface TimeZone {
  readonly name: string;
  /** What the wall clock is ahead of UTC at an instant (ms since the epoch), in ms. */
  offsetMs(instantMs: number): number;
  /**
   * The instant of a wall-clock time. In the hour that a fall change repeats it is the first of both; in the hour that a spring
   * change leaves out it is as long after the change as the clock claims (both as java.time and Temporal do).
   */
  toInstantNs(wallNs: bigint): bigint;
}

/** "UTC", "Z", "+05:30", "UTC-5" or an IANA name. */
export function parseTimeZone(text: string): Result<TimeZone, string> {
  const fixed = /^(?:UTC|GMT|Z)?(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$/i.exec(text);
  if (fixed !== null && text !== '') {
    const minutes = Number(fixed[2] ?? 0) * 60 + Number(fixed[3] ?? 0);
    if (minutes > 18 * 60) return err(`time zone "${text}" is more than 18 hours from UTC`);
    return ok(fixedZone(text, (fixed[1] === '-' ? -1 : 1) * minutes * 60_000));
  }
  try {
    return ok(
      namedZone(
        text,
        new Intl.DateTimeFormat('en-US', {
          timeZone: text,
          hourCycle: 'h23',
          year: 'numeric',
          month: 'numeric',
          day: 'numeric',
          hour: 'numeric',
          minute: 'numeric',
          second: 'numeric',
        }),
      ),
    );
  } catch {
    return err(
      `"${text}" is not a time zone: use an IANA name such as America/New_York, UTC, or an offset such as -05:00`,
    );
  }
}

function fixedZone(name: string, offset: number): TimeZone {
  const offsetNs = BigInt(offset) * NS_PER_MS;
  return { name, offsetMs: () => offset, toInstantNs: (wallNs) => wallNs - offsetNs };
}

function namedZone(name: string, format: Intl.DateTimeFormat): TimeZone {
  const cache = new Map<number, number>();
  let lastQuarter = NaN;
  let lastOffset = 0;
  const offsetMs = (instantMs: number): number => {
    const quarter = Math.floor(instantMs / QUARTER_MS);
    if (quarter === lastQuarter) return lastOffset;
    let offset = cache.get(quarter);
    if (offset === undefined) {
      if (cache.size >= MAX_CACHED_QUARTERS) cache.clear();
      offset = wallMs(format, quarter * QUARTER_MS) - quarter * QUARTER_MS;
      cache.set(quarter, offset);
    }
    lastQuarter = quarter;
    lastOffset = offset;
    return offset;
  };
  const toInstantNs = (wallNs: bigint): bigint => {
    const wall = Number(wallNs / NS_PER_MS);
    const before = offsetMs(wall - 86_400_000);
    const after = offsetMs(wall + 86_400_000);
    // Away from a change both agree. Near one, the offset before it is right for the first of a repeated hour and for a skipped
    // one; the offset after it only once the clock reads later than the change under both.
    const useAfter =
      before !== after && offsetMs(wall - before) === after && offsetMs(wall - after) === after;
    const offset = useAfter ? after : before;
    return wallNs - BigInt(offset) * NS_PER_MS;
  };
  return { name, offsetMs, toInstantNs };
}

/** The wall clock at an instant, as ms since the epoch of a clock on UTC. */
function wallMs(format: Intl.DateTimeFormat, instantMs: number): number {
  const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const part of format.formatToParts(instantMs)) {
    if (part.type in parts) parts[part.type as keyof typeof parts] = Number(part.value);
  }
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
}
