import { chainOf, maskOf, stepsTo, type Chain, type ChainRow, type VersionSpan } from './cover.ts';
import { RangeSet } from './range-set.ts';
import type { FrameSegment, IndexRange } from './segment.ts';

/** Rows to read: those of a segment whose index lies in none of the masks, in the segment's order. */
export interface SegmentRead {
  readonly segment: FrameSegment;
  /** Apart, ascending, and within the segment's own range; []: all its rows. */
  readonly masks: readonly IndexRange[];
}

/** A part of a segment that is left, with where it belongs. */
interface Part {
  readonly segment: FrameSegment;
  /** Position of the segment among those of the chain. */
  readonly position: number;
  /** Undefined: no index. */
  readonly kept: IndexRange | undefined;
}

/**
 * What a span of a chain is read from, in the order of its rows: for a version's frame from its base to the version. A segment occurs
 * twice when an update's rows go into its middle; segments of which nothing is left do not occur. With a range, rows outside it are masked too
 * (frames without index: no range). Throws when rows of the span are missing.
 *
 * @param rows all writes of the span, and merges of any of them
 */
export function segmentsOf(
  rows: readonly ChainRow[],
  span: VersionSpan,
  range?: Partial<IndexRange>,
): readonly SegmentRead[] {
  return readsOf(partsOf(chainOf(rows, span), span.to, RangeSet.outside(range ?? {})));
}

/** Hashes of the files that a version of a chain is read from. */
export function filesOf(chain: Chain, version: number): readonly string[] {
  return partsOf(chain, version, new RangeSet()).map(({ segment }) => segment.sha256);
}

/** From the newest version down, so that every segment meets the masks of those above it only. */
function partsOf(chain: Chain, top: number, masked: RangeSet): readonly Part[] {
  const inOrder: Part[][] = [];
  const byIndex: Part[] = [];
  // Below an update everything is sorted: its rows' place is where the index says.
  let isBelowUpdate = false;
  let position = 0;
  for (const { from, to, row } of stepsTo(chain, top)) {
    isBelowUpdate ||= row.operation === 'update';
    const parts = row.segments
      .toReversed()
      .map((segment) => partsLeft(segment, position--, masked))
      .reverse();
    if (isBelowUpdate) byIndex.push(...parts.flat());
    else inOrder.unshift(parts.flat());
    for (const write of from === chain.base
      ? []
      : chain.writes.slice(from - chain.base, to - chain.base + 1)) {
      const mask = maskOf(write);
      if (mask !== undefined) masked.add(mask);
    }
  }
  return [...byIndex.sort(byPlace), ...inOrder.flat()];
}

function partsLeft(segment: FrameSegment, position: number, masked: RangeSet): readonly Part[] {
  const { rows, minIndexNs: fromNs, maxIndexNs: toNs } = segment;
  if (rows === 0) return [];
  if (fromNs === undefined || toNs === undefined) return [{ segment, position, kept: undefined }];
  return masked.gaps({ fromNs, toNs }).map((kept) => ({ segment, position, kept }));
}

function byPlace(a: Part, b: Part): number {
  const difference = (a.kept?.fromNs ?? 0n) - (b.kept?.fromNs ?? 0n);
  return difference === 0n ? a.position - b.position : difference < 0n ? -1 : 1;
}

/** Neighbours of one segment are read at once. */
function readsOf(parts: readonly Part[]): readonly SegmentRead[] {
  const runs: Part[][] = [];
  for (const part of parts) {
    const run = runs.at(-1);
    if (run?.[0]?.position === part.position) run.push(part);
    else runs.push([part]);
  }
  return runs.flatMap((run) => {
    const [{ segment } = { segment: undefined }] = run;
    return segment === undefined ? [] : [{ segment, masks: masksAround(segment, run) }];
  });
}

/** What of the segment's range is not kept. */
function masksAround(
  { minIndexNs: fromNs, maxIndexNs: toNs }: FrameSegment,
  run: readonly Part[],
): readonly IndexRange[] {
  if (fromNs === undefined || toNs === undefined) return [];
  const kept = new RangeSet();
  for (const part of run) if (part.kept !== undefined) kept.add(part.kept);
  return kept.gaps({ fromNs, toNs });
}
