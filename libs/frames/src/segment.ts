/** A file of a frame's rows. */
export interface FrameSegment {
  /** SHA-256 of the file, hexadecimal: its name in the segment store. */
  readonly sha256: string;
  readonly rows: number;
  readonly bytes: number;
  /** Of the index column, ns since the epoch (also before it); undefined: no index, or no row. */
  readonly minIndexNs?: bigint | undefined;
  readonly maxIndexNs?: bigint | undefined;
  /** Whether the index never goes back within the segment. */
  readonly sorted: boolean;
}

/** Values of the index, both ends included, ns since the epoch. */
export interface IndexRange {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** What is known of rows in an order. */
export interface Extent {
  /** Undefined: only a read can tell. */
  readonly rows: number | undefined;
  /** No row is below; undefined: no row, or no index. */
  readonly firstNs: bigint | undefined;
  /** No row is above. */
  readonly lastNs: bigint | undefined;
  /** The index certainly never goes back. */
  readonly sorted: boolean;
}

export const NO_ROWS = { rows: 0, firstNs: undefined, lastNs: undefined, sorted: true } satisfies Extent;

export function extentOf(segments: readonly FrameSegment[]): Extent & { readonly rows: number } {
  let rows = 0;
  let extent: Extent = NO_ROWS;
  for (const { rows: more, minIndexNs, maxIndexNs, sorted } of segments) {
    if (more === 0) continue;
    rows += more;
    extent = followedBy(extent, { rows: more, firstNs: minIndexNs, lastNs: maxIndexNs, sorted });
  }
  return { ...extent, rows };
}

/** Rows, then others. */
export function followedBy(before: Extent, after: Extent): Extent {
  const inOrder =
    before.lastNs === undefined || after.firstNs === undefined || before.lastNs <= after.firstNs;
  return { ...together(before, after), sorted: before.sorted && after.sorted && inOrder };
}

/** Rows, with sorted others put at their place into a gap of theirs. */
export function withInserted(around: Extent, inserted: Extent): Extent {
  return { ...together(around, inserted), sorted: around.sorted && inserted.sorted };
}

function together(a: Extent, b: Extent): Omit<Extent, 'sorted'> {
  return {
    rows: a.rows === undefined || b.rows === undefined ? undefined : a.rows + b.rows,
    firstNs: lower(a.firstNs, b.firstNs),
    lastNs: higher(a.lastNs, b.lastNs),
  };
}

/** Rows without those of a range. How many are left is known when none or all are within. */
export function without(extent: Extent, { fromNs, toNs }: IndexRange): Extent {
  const { firstNs, lastNs } = extent;
  if (firstNs === undefined || lastNs === undefined || toNs < firstNs || fromNs > lastNs) return extent;
  if (fromNs <= firstNs && toNs >= lastNs) return NO_ROWS;
  return {
    rows: undefined,
    firstNs: fromNs <= firstNs ? toNs + 1n : firstNs,
    lastNs: toNs >= lastNs ? fromNs - 1n : lastNs,
    sorted: extent.sorted,
  };
}

function lower(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

function higher(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}
