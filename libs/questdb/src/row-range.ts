/** Rows of a page that follow each other, from `from` on. */
export class RowRange {
  readonly from: number;
  readonly length: number;

  constructor(from: number, length: number) {
    this.from = from;
    this.length = length;
  }

  /** As of an array. */
  slice(start = 0, end = this.length): RowRange {
    const place = (at: number): number =>
      at < 0 ? Math.max(0, this.length + at) : Math.min(at, this.length);
    const first = place(start);
    return new RowRange(this.from + first, Math.max(0, place(end) - first));
  }
}

/** Rows of a page by number: mostly a range, which costs nothing however long it is. */
export type Rows = RowRange | Uint32Array;

export function firstOf(rows: Rows): number {
  return rows instanceof RowRange ? rows.from : (rows[0] ?? 0);
}

/** Whether the rows follow each other. */
export function follow(rows: Rows): boolean {
  if (rows instanceof RowRange) return true;
  const first = firstOf(rows);
  return rows.every((row, at) => row === first + at);
}

/** Rows one by one. */
export function numbersOf(rows: Rows): Uint32Array {
  if (!(rows instanceof RowRange)) return rows;
  return Uint32Array.from({ length: rows.length }, (_, at) => rows.from + at);
}
