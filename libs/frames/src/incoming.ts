import { ok, type Result } from '@tickwell/domain';
import type { FrameCommit } from './frame-commit.ts';
import { refuse, type Refusal } from './refusal.ts';
import { duplicateColumn } from './schema.ts';
import type { Extent, FrameSegment } from './segment.ts';
import type { FrameContents } from './state.ts';

type Checked = Result<undefined, Refusal>;
const FINE: Checked = ok(undefined);
const TIMES = /^(timestamp\[.+\]|date32|date64)$/;

/** Checks what a commit says of its rows: its columns, its index, and the order if it asks for that. */
export function checkIncoming(
  commit: FrameCommit,
  segments: readonly FrameSegment[],
  extent: Extent,
  label: string,
): Checked {
  const { columns, indexColumn, requireSorted, rows } = commit;
  const twice = duplicateColumn(columns);
  if (twice !== undefined)
    return refuse('invalid-schema', `column ${JSON.stringify(twice)} of ${label} is there twice: rename one`);
  if (columns.length === 0 && rows > 0)
    return refuse('invalid-schema', `${rows} rows of ${label} have no column: give them at least one`);
  if (indexColumn === '') return FINE;
  const index = checkIndex(commit, segments, label);
  if (!index.ok || !requireSorted || extent.sorted) return index;
  return refuse(
    'not-sorted',
    `the rows of ${label} are not sorted by ${JSON.stringify(indexColumn)}: sort them, or write without asking for order`,
  );
}

/** Checks that rows are indexed as the frame is; a frame without any column takes any index. */
export function checkIndexMatches(
  before: FrameContents,
  { indexColumn }: FrameCommit,
  label: string,
): Checked {
  if (before.columns.length === 0 || before.indexColumn === indexColumn) return FINE;
  return refuse(
    'index-conflict',
    `${label} is ${indexText(before.indexColumn)}, and the rows are ${indexText(indexColumn)}: index them as the frame is, or write it anew`,
  );
}

function checkIndex(
  { columns, indexColumn }: FrameCommit,
  segments: readonly FrameSegment[],
  label: string,
): Checked {
  const name = JSON.stringify(indexColumn);
  const type = columns.find((column) => column.name === indexColumn)?.type;
  if (type === undefined)
    return refuse('invalid-schema', `the index ${name} of ${label} is none of its columns: name one of them`);
  if (!TIMES.test(type))
    return refuse(
      'invalid-schema',
      `the index ${name} of ${label} is ${type}: an index is a timestamp or a date; write it without an index, or convert it`,
    );
  const unknown = segments.findIndex(
    ({ rows, minIndexNs, maxIndexNs }) => rows > 0 && (minIndexNs === undefined || maxIndexNs === undefined),
  );
  return unknown < 0
    ? FINE
    : refuse(
        'invalid-schema',
        `segment ${unknown} of ${label} does not say from when to when its index ${name} goes: leave rows without an index out`,
      );
}

function indexText(indexColumn: string): string {
  return indexColumn === '' ? 'not indexed' : `indexed by ${JSON.stringify(indexColumn)}`;
}
