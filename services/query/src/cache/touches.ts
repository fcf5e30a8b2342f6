/** Entries remembered of a series; then the older ones are merged. */
const MAX_TOUCHES = 96;
/** Runs of events in one record; what is more belongs to the last one. */
const MAX_RUNS = 16;

interface Touch {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
  offset: number;
}

/**
 * Which records brought something to which times of one series. Times are counted in grains; newer entries are exact, older ones are merged with their
 * neighbours in time, each under the newer offset of the two. So it may name a record that did not touch a time, never miss one that did.
 */
export class Touches {
  readonly #grainNs: bigint;
  /** In the order of offsets. */
  #touches: Touch[] = [];

  constructor(grainNs: bigint) {
    this.#grainNs = grainNs;
  }

  add(timesNs: readonly bigint[], offset: bigint): void {
    for (const [from, to] of this.#runsOf(timesNs)) this.#push({ from, to, offset: Number(offset) });
  }

  /** A record that may have touched any time. */
  addAll(offset: bigint): void {
    this.#push({ from: -Infinity, to: Infinity, offset: Number(offset) });
  }

  /** Offset of the last record that touched a half-open span; an undefined side is open. */
  last(startNs: bigint | undefined, endNs: bigint | undefined): bigint | undefined {
    const from = startNs === undefined ? -Infinity : Number(startNs / this.#grainNs);
    const to = endNs === undefined ? Infinity : Number((endNs - 1n) / this.#grainNs);
    const touch = this.#touches.findLast((one) => one.from <= to && one.to >= from);
    return touch === undefined ? undefined : BigInt(touch.offset);
  }

  #runsOf(timesNs: readonly bigint[]): (readonly [number, number])[] {
    const runs: [number, number][] = [];
    for (const timeNs of timesNs) {
      const grain = Number(timeNs / this.#grainNs);
      const run = runs.at(-1);
      const isNear = run !== undefined && grain >= run[0] - 1 && grain <= run[1] + 1;
      if (run === undefined || (!isNear && runs.length < MAX_RUNS)) runs.push([grain, grain]);
      else if (grain < run[0]) run[0] = grain;
      else if (grain > run[1]) run[1] = grain;
    }
    return runs;
  }

  #push(touch: Touch): void {
    const last = this.#touches.at(-1);
    // Of a long one only the same again: else what comes in at its end would count as touching all of it.
    const isWithin = last !== undefined && last.from <= touch.from && last.to >= touch.to;
    const isShort = last !== undefined && last.to - last.from <= 1;
    const isSame = last !== undefined && last.from === touch.from && last.to === touch.to;
    if (last !== undefined && isWithin && (isShort || isSame)) last.offset = touch.offset;
    else this.#touches.push(touch);
    if (this.#touches.length > MAX_TOUCHES) this.#merge();
  }

  #merge(): void {
    const older = this.#touches.splice(0, MAX_TOUCHES / 2).sort((a, b) => a.from - b.from);
    const merged: Touch[] = [];
    for (let at = 0; at < older.length; at += 2) {
      const [first, second = first] = older.slice(at, at + 2);
      if (first === undefined || second === undefined) continue;
      merged.push({
        from: first.from,
        to: Math.max(first.to, second.to),
        offset: Math.max(first.offset, second.offset),
      });
    }
    merged.sort((a, b) => a.offset - b.offset);
    this.#touches.unshift(...merged);
  }
}
