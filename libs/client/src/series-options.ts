/** What of one symbol's history to read. Times are ns since the epoch, start included, end excluded; left out: open. */
export interface SeriesOptions {
  readonly symbol: string;
  /** Left out: every source, by time, then source. */
  readonly source?: string;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /** At most so many rows: the oldest, or the newest with `newest` (still oldest first). */
  readonly limit?: number;
  readonly newest?: boolean;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export type BackAdjustment = 'none' | 'difference' | 'ratio';
