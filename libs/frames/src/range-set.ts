import type { IndexRange } from './segment.ts';

/** Ends of what an index can be: those of a 64-bit integer. */
const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 63n - 1n;

/** Values of an index, as ranges that neither overlap nor touch, ascending. */
export class RangeSet {
  readonly #ranges: IndexRange[] = [];

  /** Everything that is not in the range; {}: nothing. */
  static outside({ fromNs = LOWEST, toNs = HIGHEST }: Partial<IndexRange>): RangeSet {
    const set = new RangeSet();
    if (fromNs > LOWEST) set.add({ fromNs: LOWEST, toNs: fromNs - 1n });
    if (toNs < HIGHEST) set.add({ fromNs: toNs + 1n, toNs: HIGHEST });
    return set;
  }

  add({ fromNs, toNs }: IndexRange): void {
    const start = this.#firstEndingAtOrAfter(fromNs - 1n);
    let end = start;
    let merged = { fromNs, toNs };
    for (let at = this.#ranges[end]; at !== undefined && at.fromNs <= toNs + 1n; at = this.#ranges[++end])
      merged = {
        fromNs: at.fromNs < merged.fromNs ? at.fromNs : merged.fromNs,
        toNs: at.toNs > merged.toNs ? at.toNs : merged.toNs,
      };
    this.#ranges.splice(start, end - start, merged);
  }

  /** What of the range is not in the set, ascending. */
  gaps({ fromNs, toNs }: IndexRange): readonly IndexRange[] {
    const gaps: IndexRange[] = [];
    let next = fromNs;
    for (let index = this.#firstEndingAtOrAfter(fromNs); next <= toNs; index++) {
      const at = this.#ranges[index];
      if (at === undefined || at.fromNs > toNs) break;
      if (at.fromNs > next) gaps.push({ fromNs: next, toNs: at.fromNs - 1n });
      next = at.toNs + 1n;
    }
    if (next <= toNs) gaps.push({ fromNs: next, toNs });
    return gaps;
  }

  #firstEndingAtOrAfter(value: bigint): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && range.toNs < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
