const DAY_NS = 86_400_000_000_000n;

/** The day last asked for, from its first nanosecond to the next day's: dividing a bigint per input would cost more than all the rest. */
let fromNs = 0n;
let toNs = 0n;
let day = 0;

/** The UTC day of a time, in days since the epoch. */
export function utcDayOf(timeNs: bigint): number {
  if (timeNs < fromNs || timeNs >= toNs) {
    const intoDay = ((timeNs % DAY_NS) + DAY_NS) % DAY_NS;
    fromNs = timeNs - intoDay;
    toNs = fromNs + DAY_NS;
    day = Number(fromNs / DAY_NS);
  }
  return day;
}
