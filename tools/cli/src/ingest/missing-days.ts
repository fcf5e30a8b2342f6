const DAY_NS = 86_400_000_000_000n;

/** Half-open, ns since the epoch. */
export interface Span {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** The UTC days of a span of which something is known to be stored. */
export class StoredDays {
  readonly #days = new Set<bigint>();

  add(timesNs: readonly bigint[]): void {
    for (const time of timesNs) this.#days.add(time / DAY_NS);
  }

  /**
   * The parts of the span without anything, in order, neighbouring days as one. A day that is not over yet, and one that the span only
   * cuts, may be stored in part and is asked for again.
   */
  missing(span: Span, nowNs: bigint): Span[] {
    const missing: Span[] = [];
    for (let day = span.fromNs / DAY_NS; day * DAY_NS < span.toNs; day += 1n) {
      const fromNs = day * DAY_NS > span.fromNs ? day * DAY_NS : span.fromNs;
      const endNs = (day + 1n) * DAY_NS;
      const toNs = endNs < span.toNs ? endNs : span.toNs;
      const isWhole = fromNs === day * DAY_NS && toNs === endNs && endNs <= nowNs;
      if (isWhole && this.#days.has(day)) continue;
      const last = missing.at(-1);
      if (last?.toNs === fromNs) missing[missing.length - 1] = { fromNs: last.fromNs, toNs };
      else missing.push({ fromNs, toNs });
    }
    return missing;
  }
}
