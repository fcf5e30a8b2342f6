/**
 * What a kernel goes over: columns of equal length, a number per input. A history is one block of many rows, a live input a block of one; the kernel
 * does not know which. Only the columns that its definition reads are filled.
 */
export interface Rows {
  /** How many rows the columns have: output number `k` of a row is `out[row + k * count]`. */
  readonly count: number;
  /** The source's numbers, or those of the indicator within. */
  readonly price: Float64Array;
  /** Those of the definition's `otherSource`. */
  readonly other: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** What is equal on inputs of one day: of definitions that remember a `session` its date (yyyymmdd), of a `utc-day` the days since the epoch. */
  readonly day: Float64Array;
}

/** `column[row]`; a row that is not there reads as NaN, which no test survives. */
export function at(column: Float64Array, row: number): number {
  return column[row] ?? NaN;
}
