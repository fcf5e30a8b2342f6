import { NS_PER_DAY, type Interval } from '@tickwell/domain';

/** Numbers in memory at once, of all symbols and columns together. */
const CELLS = 2_000_000;
const MIN_ROWS = 64;
/** How far a span grows that holds few bars: most markets are closed most of the time. */
const MAX_GROWTH = 2n;

export interface Window {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** A range in pieces whose bars fit into memory together. */
export class Windows {
  readonly #rows: number;
  readonly #lengthNs: bigint;
  readonly #endNs: bigint;
  #nextNs: bigint;
  #growth = 1n;

  constructor(range: Window, interval: Interval, columns: number) {
    this.#rows = Math.max(MIN_ROWS, Math.floor(CELLS / columns));
    this.#lengthNs = nominalNs(interval) * BigInt(this.#rows);
    this.#nextNs = range.startNs;
    this.#endNs = range.endNs;
  }

  /** @param rows that the axis has in the last window: the next one is longer where they are few. */
  had(rows: number): void {
    this.#growth = rows * 2 < this.#rows ? MAX_GROWTH : 1n;
  }

  next(): Window | undefined {
    if (this.#nextNs >= this.#endNs) return undefined;
    const startNs = this.#nextNs;
    const endNs = startNs + this.#lengthNs * this.#growth;
    this.#nextNs = endNs;
    return { startNs, endNs: endNs < this.#endNs ? endNs : this.#endNs };
  }
}

/** How long a bar is at most. */
export function nominalNs(interval: Interval): bigint {
  if (interval.kind === 'fixed') return interval.lengthNs;
  return (interval.kind === 'week' ? 7n : 31n) * NS_PER_DAY;
}
