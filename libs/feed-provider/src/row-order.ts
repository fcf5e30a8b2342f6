import { formatNs } from '@tickwell/domain';
import type { Event, RowProblem } from './row.ts';

/** The order of one series: its newest time, and how many events had it. */
export class RowOrder {
  #newestNs: bigint | undefined;
  #ordinal = 0n;

  get newestNs(): bigint | undefined {
    return this.#newestNs;
  }

  /** The number of the event among those of equal time (or the source's own); a problem: it is older than the one before it. */
  next(event: Event): bigint | RowProblem {
    const { timeNs } = event;
    if (this.#newestNs !== undefined && timeNs < this.#newestNs) {
      return {
        rule: 'row-order',
        reason: `its time ${formatNs(timeNs)} is before ${formatNs(this.#newestNs)} of an earlier row: sort rows by time, oldest first`,
      };
    }
    this.#ordinal = timeNs === this.#newestNs ? this.#ordinal + 1n : 0n;
    this.#newestNs = timeNs;
    return ('seq' in event ? event.seq : undefined) ?? this.#ordinal;
  }
}
