import { canStandAlone, chainOf, stepsTo, type ChainRow, type CoverStep, type VersionSpan } from './cover.ts';

/** Most rows of a segment. */
export const SEGMENT_ROWS = 65_536;
/** About how many bytes a segment has. */
export const SEGMENT_BYTES = 4 * 1024 * 1024;
/** Versions, or merges, that one merge stands for. */
export const MERGE_FAN_OUT = 32;

/**
 * Spans that end with the version and may be merged then, by numbers alone, the widest first: [] of 31 versions in 32, for which nothing needs to be
 * read.
 */
export function mergeSpans(base: number, version: number): readonly VersionSpan[] {
  const spans: VersionSpan[] = [];
  const after = version - base;
  for (let width = MERGE_FAN_OUT; width <= after && after % width === 0; width *= MERGE_FAN_OUT)
    spans.unshift({ from: version - width + 1, to: version });
  return spans;
}

/**
 * The merge to be made after the version, if any: the widest that leaves at most half of the files. Where updates among the newest versions
 * reach into those below, it is one of the whole chain, which by that rule is rewritten only when it has twice the files it needs.
 *
 * @param rows all writes of the widest of `mergeSpans`, and merges of any of them; of the whole chain, when there is an update among those
 */
export function mergeDue(rows: readonly ChainRow[], base: number, version: number): VersionSpan | undefined {
  const updates = rows.filter(({ operation }) => operation === 'update');
  const spans = mergeSpans(base, version).map((span) => {
    const isUpdated = updates.some((row) => row.version >= span.from && row.version <= version);
    return !isUpdated || canStandAlone(rows, span, base) ? span : { from: base, to: version };
  });
  return spans.find((span) => isWorthwhile(stepsTo(chainOf(rows, span), span.to)));
}

function isWorthwhile(steps: readonly CoverStep[]): boolean {
  const segments = steps.flatMap(({ row }) => row.segments);
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const needed = Math.max(Math.ceil(rows / SEGMENT_ROWS), Math.ceil(bytes / SEGMENT_BYTES));
  return segments.length >= 2 && segments.length >= 2 * needed;
}
