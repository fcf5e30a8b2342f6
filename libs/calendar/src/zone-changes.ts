import { parseTimeZone, type TimeZone } from '@tickwell/domain';

const MINUTE_MS = 60_000;
/** Every change of a zone since 1970 is on a quarter of an hour UTC. */
const QUARTER_MS = 15 * MINUTE_MS;
const STEP_MS = 21 * 86_400_000;

/** Offsets of a zone over a range, found once: what follows is arithmetic, without the cost of Intl. */
export class ZoneChanges {
  readonly #atMs: number[] = [];
  readonly #offsetsMs: number[] = [];
  #last = 0;

  /** A zone that changes twice within three weeks is outside what this can find; none of ours does. */
  constructor(zone: string, fromMs: number, toMs: number) {
    const parsed = parseTimeZone(zone);
    if (!parsed.ok) throw new Error(parsed.error);
    let offset = parsed.value.offsetMs(fromMs);
    this.#add(-Infinity, offset);
    for (let ms = fromMs; ms < toMs; ms += STEP_MS) {
      const next = parsed.value.offsetMs(ms + STEP_MS);
      if (next !== offset) this.#add(changeBetween(parsed.value, ms, ms + STEP_MS), next);
      offset = next;
    }
  }

  /** Minutes since the epoch of a wall clock, given as minutes since the epoch of a clock on UTC. */
  toInstantMinutes(wallMinutes: number): number {
    const wallMs = wallMinutes * MINUTE_MS;
    // Sessions open and close hours away from the change of a zone: the offset of either side is the same there.
    const offset = this.#offsetAt(wallMs - this.#offsetAt(wallMs));
    return (wallMs - offset) / MINUTE_MS;
  }

  #add(atMs: number, offsetMs: number): void {
    this.#atMs.push(atMs);
    this.#offsetsMs.push(offsetMs);
  }

  /** Neighbouring questions come in order: it starts from the last answer. */
  #offsetAt(ms: number): number {
    while (ms < (this.#atMs[this.#last] ?? -Infinity)) this.#last -= 1;
    while (ms >= (this.#atMs[this.#last + 1] ?? Infinity)) this.#last += 1;
    return this.#offsetsMs[this.#last] ?? 0;
  }
}

/** The first quarter of an hour with the later offset. */
function changeBetween(zone: TimeZone, fromMs: number, toMs: number): number {
  const before = zone.offsetMs(fromMs);
  let low = Math.floor(fromMs / QUARTER_MS);
  let high = Math.ceil(toMs / QUARTER_MS);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetMs(middle * QUARTER_MS) === before) low = middle;
    else high = middle;
  }
  return high * QUARTER_MS;
}
