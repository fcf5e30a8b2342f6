import { Ordinals } from './request-splitter.ts';

/** Anything with a time in whole seconds since the epoch. */
export interface Timed {
  readonly time: number;
}

export interface Numbered<T> {
  readonly event: T;
  /** Ordinal among the line's events of equal time: with the time its identity. */
  readonly seq: number;
}

/** What to ask of history: everything from `fromSeconds` on, up to but not including `toSeconds`. */
export interface RepairSpan {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

export type LineMode =
  /** Nothing is to be expected; what comes all the same is history's. */
  | 'down'
  /** Live events come and wait for what happened before them. */
  | 'holding'
  | 'live';

/**
 * One live series of one instrument, across outages: decides for every event of the subscription and of history whether it is
 * delivered, and under which number (docs/adr/0008). Pure. `unitSeconds` is the grain of its times: 1 for ticks, 5 for bars.
 *
 * All events before `#doneBefore` have been delivered, and the first `#delivered` of that unit. Live numbers are right only for a
 * unit that was heard from its beginning, so the first unit after an outage, and the one the outage cut, are history's.
 */
export class LiveLine<T extends Timed> {
  readonly #unitSeconds: number;
  readonly #maxHeld: number;
  #mode: LineMode = 'down';
  #held: T[] = [];
  /** First unit heard since the outage, perhaps not from its beginning. */
  #firstHeard: number | undefined;
  #doneBefore: number | undefined;
  #delivered = 0;
  /** Everything before it came from history, or is older than the session. */
  #historyBefore = 0;

  /** `doneBeforeSeconds`: everything earlier is stored; without it the line begins with the first unit that it hears whole. */
  constructor(options: {
    readonly unitSeconds: number;
    readonly maxHeld: number;
    readonly doneBeforeSeconds?: number | undefined;
  }) {
    this.#unitSeconds = options.unitSeconds;
    this.#maxHeld = options.maxHeld;
    this.#doneBefore = options.doneBeforeSeconds;
  }

  get mode(): LineMode {
    return this.#mode;
  }

  /** Everything before it has been delivered; undefined: the line has not begun. */
  get doneBeforeSeconds(): number | undefined {
    return this.#doneBefore;
  }

  /** The first unit heard since the outage. */
  get firstHeardSeconds(): number | undefined {
    return this.#firstHeard;
  }

  outage(): void {
    this.#mode = 'down';
    this.#held = [];
    this.#firstHeard = undefined;
  }

  active(): void {
    this.outage();
    this.#mode = 'holding';
  }

  /** An event of the subscription: delivered now, late (an earlier unit is closed already), or undefined while it has to wait. */
  live(event: T): Numbered<T> | 'late' | undefined {
    if (this.#mode === 'down' || event.time < this.#historyBefore) return undefined;
    if (this.#mode === 'live') return this.#deliver(event);
    if (this.#held.length >= this.#maxHeld) {
      // Too long a repair: what was held is history's as well, and the line is heard from here on.
      this.#held = [];
      this.#firstHeard = undefined;
    }
    this.#firstHeard ??= event.time;
    this.#held.push(event);
    return undefined;
  }

  /** Nothing was heard for so long that nothing happened: from here on the subscription is taken to be whole. False: it was heard. */
  assumeWholeFrom(seconds: number): boolean {
    if (this.#mode !== 'holding' || this.#firstHeard !== undefined) return false;
    this.#firstHeard = this.#floor(seconds) - this.#unitSeconds;
    return true;
  }

  /**
   * What has to come from history before live events go on, as far as it is known yet: up to `knownBefore` while nothing was heard,
   * else up to the end of the first unit heard. Undefined: nothing.
   */
  missing(knownBefore: number): RepairSpan | undefined {
    const fromSeconds = this.#doneBefore;
    if (this.#mode !== 'holding' || fromSeconds === undefined) return undefined;
    const heard = this.#firstHeard;
    const toSeconds = heard === undefined ? this.#floor(knownBefore) : heard + this.#unitSeconds;
    return toSeconds > fromSeconds ? { fromSeconds, toSeconds } : undefined;
  }

  /** Whether history has fewer events of a unit than were heard of it: then it does not know all of it yet. */
  isShort(events: readonly T[], completeBefore: number): boolean {
    const known = new Map<number, number>();
    for (const { time } of events) known.set(time, (known.get(time) ?? 0) + 1);
    const heard = new Map<number, number>();
    if (this.#doneBefore !== undefined) heard.set(this.#doneBefore, this.#delivered);
    for (const { time } of this.#held)
      if (time < completeBefore && time !== this.#doneBefore) heard.set(time, (heard.get(time) ?? 0) + 1);
    return [...heard].some(([time, count]) => time < completeBefore && (known.get(time) ?? 0) < count);
  }

  /**
   * Events of history, whole units in order that begin at `doneBefore`; all units before `completeBefore` are in it. Those that
   * were delivered before the outage are left out.
   */
  history(events: readonly T[], completeBefore: number): Numbered<T>[] {
    const begin = this.#doneBefore ?? 0;
    const ordinals = new Ordinals();
    const fresh: Numbered<T>[] = [];
    for (const event of events) {
      const seq = ordinals.next(event.time);
      const isOld = event.time < begin || (event.time === begin && seq < this.#delivered);
      if (!isOld && event.time < completeBefore) fresh.push({ event, seq });
    }
    if (completeBefore > begin) {
      this.#doneBefore = completeBefore;
      this.#delivered = 0;
      this.#historyBefore = completeBefore;
    }
    return fresh;
  }

  /** Goes live once nothing is missing any more; the answer are the events that waited. */
  catchUp(): Numbered<T>[] | undefined {
    const heard = this.#firstHeard;
    if (this.#mode !== 'holding' || heard === undefined) return undefined;
    const wholeFrom = heard + this.#unitSeconds;
    if (this.#doneBefore !== undefined && this.#doneBefore < wholeFrom) return undefined;
    if (this.#doneBefore === undefined) {
      // The session begins here; what is older is not its business.
      this.#doneBefore = wholeFrom;
      this.#historyBefore = wholeFrom;
    }
    this.#mode = 'live';
    const held = this.#held;
    this.#held = [];
    return held.flatMap((event) => {
      const numbered = this.#deliver(event);
      return numbered === 'late' ? [] : [numbered];
    });
  }

  /** Gives history up for this outage: the line goes on with the first unit heard whole. The answer is what is left missing. */
  giveUp(): RepairSpan | undefined {
    const heard = this.#firstHeard;
    if (this.#mode !== 'holding' || heard === undefined) return undefined;
    const span = this.missing(heard);
    if (span !== undefined) {
      this.#doneBefore = span.toSeconds;
      this.#delivered = 0;
    }
    return span;
  }

  #deliver(event: T): Numbered<T> | 'late' {
    const current = this.#doneBefore ?? event.time;
    if (event.time < current) return 'late';
    if (event.time > current) {
      this.#doneBefore = event.time;
      this.#delivered = 0;
    }
    return { event, seq: this.#delivered++ };
  }

  #floor(seconds: number): number {
    return Math.floor(seconds / this.#unitSeconds) * this.#unitSeconds;
  }
}
