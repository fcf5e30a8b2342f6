/**
 * Bars of one instrument as a user has them in a file or a data frame: raw columns, in any order, with holes. What is missing is
 * NaN; a column that is not there is undefined.
 */
export interface BarFrame {
  readonly symbol: string;
  /** Start of the bar, ns since the epoch. */
  readonly timeNs: BigInt64Array;
  readonly open?: Float64Array | undefined;
  readonly high?: Float64Array | undefined;
  readonly low?: Float64Array | undefined;
  readonly close: Float64Array;
  /** Close as the vendor adjusts it for dividends (and for splits, where {@link close} is not). */
  readonly adjClose?: Float64Array | undefined;
  readonly volume?: Float64Array | undefined;
  /** Cash per share whose ex date is the row's day; 0: none. */
  readonly dividends?: Float64Array | undefined;
  /** Part of the distribution that is capital gains. Yahoo counts it in {@link dividends}, too. */
  readonly capitalGains?: Float64Array | undefined;
  /** New shares per old one, effective on the row's day; 0 or 1: none. */
  readonly splits?: Float64Array | undefined;
}

/** Where a finding holds: one row, or all rows from `from` to `to`; indexes into the frame, `to` included. */
interface RowSpan {
  readonly from: number;
  readonly to: number;
}

/** One observation about rows of a frame. */
export interface FrameFinding extends RowSpan {
  readonly rule: string;
  /** What the same rule does to an event in the flow: a quarantined or rejected row would not have reached the store. */
  readonly severity: FrameSeverity;
  readonly message: string;
}

export type FrameSeverity = 'reject' | 'quarantine' | 'flag';

/**
 * Something odd about the frame as a whole, which says nothing against single rows: a habit of the source, or rows without a trade.
 * Never counts as a finding.
 */
export interface FrameNote {
  readonly rule: string;
  readonly count: number;
  readonly message: string;
}
