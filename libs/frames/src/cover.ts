import { TickwellError, type FrameOperation } from '@tickwell/domain';
import type { FrameSegment, IndexRange } from './segment.ts';

/** One write of a chain, or a merge of some, with its segments in order. */
export interface ChainRow {
  readonly operation: FrameOperation;
  readonly version: number;
  /** Range of the index that it leaves out of what is below it; undefined: none. */
  readonly maskFromNs: bigint | undefined;
  readonly maskToNs: bigint | undefined;
  /** Of a merge: the versions it stands for. */
  readonly mergeFrom: number;
  readonly mergeTo: number;
  readonly segments: readonly FrameSegment[];
}

/** Versions of a chain, both included. */
export interface VersionSpan {
  readonly from: number;
  readonly to: number;
}

/** Consecutive versions that are read from one row: a write, or a merge. */
export interface CoverStep extends VersionSpan {
  readonly row: ChainRow;
}

/** The writes of a span by version; throws when one is not there, since what is left would be another frame. */
function writesOf(rows: readonly ChainRow[], { from, to }: VersionSpan): readonly ChainRow[] {
  const writes = rows
    .filter(({ operation, version }) => !isAside(operation) && version >= from && version <= to)
    .toSorted((a, b) => a.version - b.version);
  const hole = writes.findIndex(({ version }, index) => version !== from + index);
  if (hole >= 0 || writes.length !== to - from + 1)
    throw new TickwellError(
      'incomplete-chain',
      `versions ${from} to ${to} of a frame have ${writes.length} rows${hole < 0 ? '' : `, none for version ${from + hole}`}: the store has lost some`,
    );
  return writes;
}

/** A chain, ready to be read at any of its versions. */
export interface Chain {
  readonly base: number;
  /** By version, from the base. */
  readonly writes: readonly ChainRow[];
  /** The last step to each version, with the files of all steps up to it. */
  readonly best: readonly { readonly files: number; readonly step: CoverStep }[];
}

/**
 * Finds the fewest files that the span, and every shorter one from its beginning, can be read from: merges where they fit, writes where there are
 * none. A merge fits that begins with the span's first version, or whose updates all begin above every row below it: others' rows belong between those.
 */
export function chainOf(rows: readonly ChainRow[], span: VersionSpan): Chain {
  const base = span.from;
  const writes = writesOf(rows, span);
  const merges = Map.groupBy(fittingMerges(rows, writes, span), ({ mergeTo }) => mergeTo);
  const best: Chain['best'][number][] = [];
  const filesBelow = (version: number) => best[version - base - 1]?.files ?? 0;
  for (const row of writes) {
    const { version: to, segments } = row;
    let found = { files: filesBelow(to) + segments.length, step: { from: to, to, row } };
    for (const merge of merges.get(to) ?? []) {
      const { mergeFrom: from } = merge;
      const files = filesBelow(from) + merge.segments.length;
      const isWider = from < found.step.from;
      if (files < found.files || (files === found.files && isWider))
        found = { files, step: { from, to, row: merge } };
    }
    best.push(found);
  }
  return { base, writes, best };
}

/** The steps to a version, the newest first. */
export function stepsTo({ base, best }: Chain, version: number): readonly CoverStep[] {
  const steps: CoverStep[] = [];
  for (let at = best[version - base]; at !== undefined; at = best[at.step.from - base - 1])
    steps.push(at.step);
  return steps;
}

export function maskOf({ maskFromNs: fromNs, maskToNs: toNs }: ChainRow): IndexRange | undefined {
  return fromNs === undefined || toNs === undefined ? undefined : { fromNs, toNs };
}

/** Whether it makes no version. */
function isAside(operation: FrameOperation): boolean {
  return operation === 'merge' || operation === 'prune';
}

function fittingMerges(
  rows: readonly ChainRow[],
  writes: readonly ChainRow[],
  { from: base, to: top }: VersionSpan,
): readonly ChainRow[] {
  const reach = reachOf(writes);
  return rows.filter(
    ({ operation, mergeFrom: from, mergeTo: to }) =>
      operation === 'merge' && from >= base && to <= top && standsAlone(writes, reach, { from, to }, base),
  );
}

/** Whether a span of the chain can be merged without those below it. */
export function canStandAlone(rows: readonly ChainRow[], span: VersionSpan, base: number): boolean {
  const writes = writesOf(rows, { from: base, to: span.to });
  return standsAlone(writes, reachOf(writes), span, base);
}

/** It can when all its updates begin above every row below it. */
function standsAlone(
  writes: readonly ChainRow[],
  reach: readonly (bigint | undefined)[],
  { from, to }: VersionSpan,
  base: number,
): boolean {
  const highestBelow = reach[from - base - 1];
  if (highestBelow === undefined) return true;
  return writes
    .slice(from - base, to - base + 1)
    .every(
      ({ operation, maskFromNs }) =>
        operation !== 'update' || (maskFromNs ?? highestBelow + 1n) > highestBelow,
    );
}

/** The highest index up to each write; undefined: none has any. */
function reachOf(writes: readonly ChainRow[]): readonly (bigint | undefined)[] {
  let highest: bigint | undefined;
  return writes.map(({ segments }) => {
    for (const { maxIndexNs } of segments)
      if (maxIndexNs !== undefined && (highest === undefined || maxIndexNs > highest)) highest = maxIndexNs;
    return highest;
  });
}
