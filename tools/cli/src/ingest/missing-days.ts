const DAY_NS = 86_400_000_000_000n;

/** Half-open, ns since the epoch. */
export interface Span {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** The UTC days of a span of which something is known to be stored. */
export class StoredDays {
  readonly #days = new Set<bigint>();
  readonly #closed = new Set<bigint>();
  /** Asked for when they were over. */
  readonly #asked = new Set<bigint>();

  /** The whole days of a span that the source was asked for; at `atNs` it had told all that it had. */
  addAsked({ fromNs, toNs }: Span, atNs: bigint): void {
    const endNs = atNs < toNs ? atNs : toNs;
    for (let day = (fromNs + DAY_NS - 1n) / DAY_NS; (day + 1n) * DAY_NS <= endNs; day += 1n)
      this.#asked.add(day);
  }

  /** Days on which the market has no session: nothing is to be had of them. */
  addClosed(days: Iterable<bigint>): void {
    for (const dayNs of days) this.#closed.add(dayNs / DAY_NS);
  }

  /** How many whole days of the span were asked for and have nothing. */
  empty({ fromNs, toNs }: Span): number {
    return [...this.#asked].filter(
      (day) => day * DAY_NS >= fromNs && (day + 1n) * DAY_NS <= toNs && !this.#days.has(day),
    ).length;
  }

  add(timesNs: readonly bigint[]): void {
    for (const time of timesNs) this.#days.add(time / DAY_NS);
  }

  /**
   * The parts of the span without anything, not asked for yet and not closed, in order, neighbouring days as one. A day that is not over yet, and
   * one that the span only cuts, may be stored in part and is asked for again.
   */
  missing(span: Span, nowNs: bigint): Span[] {
    const missing: Span[] = [];
    for (let day = span.fromNs / DAY_NS; day * DAY_NS < span.toNs; day += 1n) {
      const fromNs = day * DAY_NS > span.fromNs ? day * DAY_NS : span.fromNs;
      const endNs = (day + 1n) * DAY_NS;
      const toNs = endNs < span.toNs ? endNs : span.toNs;
      if (this.#closed.has(day)) continue;
      const isWhole = fromNs === day * DAY_NS && toNs === endNs && endNs <= nowNs;
      if (isWhole && (this.#days.has(day) || this.#asked.has(day))) continue;
      const last = missing.at(-1);
      if (last?.toNs === fromNs) missing[missing.length - 1] = { fromNs: last.fromNs, toNs };
      else missing.push({ fromNs, toNs });
    }
    return missing;
  }
}
