import { ok, type FrameOperation, type Result } from '@tickwell/domain';
import type { FrameCommit } from './frame-commit.ts';
import { checkIncoming, checkIndexMatches } from './incoming.ts';
import { refuse, type Refusal } from './refusal.ts';
import { sameColumns, unifySchemas } from './schema.ts';
import {
  extentOf,
  followedBy,
  withInserted,
  without,
  type Extent,
  type FrameSegment,
  type IndexRange,
} from './segment.ts';
import { NO_CONTENTS, type FrameContents, type SymbolState } from './state.ts';

/** What an accepted commit makes of a frame. */
export interface Change {
  readonly operation: FrameOperation;
  readonly version: number;
  readonly base: number;
  readonly contents: FrameContents;
  readonly deleted: boolean;
  /** Range of the index that is left out of the versions before. */
  readonly mask: IndexRange | undefined;
}

interface Request {
  readonly state: SymbolState;
  readonly commit: FrameCommit;
  readonly segments: readonly FrameSegment[];
  readonly label: string;
}
type Changed = Result<Change, Refusal>;

/** What the commit makes of the frame, with its segments in order; or why it is refused. */
export function changeOf(
  state: SymbolState,
  commit: FrameCommit,
  segments: readonly FrameSegment[],
  label: string,
): Changed {
  const request = { state, commit, segments, label };
  switch (commit.operation) {
    case 'write':
      return write(request);
    case 'append':
      return exists(state) ? append(request) : write(request);
    case 'update':
      return exists(state) || commit.upsert ? update(request) : unknownSymbol(request);
    case 'merge':
      return merge(request);
    default:
      return segments.length === 0
        ? withoutRows(request)
        : refuse('invalid-commit', `${commit.operation} of ${label} came with rows: send it without`);
  }
}

function withoutRows(request: Request): Changed {
  const { state, commit } = request;
  switch (commit.operation) {
    case 'delete-range':
      return deleteRange(request);
    case 'delete':
      return exists(state) ? ok(begun('delete', state, NO_CONTENTS)) : unknownSymbol(request);
    case 'write-metadata':
      return ok(writeMetadata(state, commit));
    case 'prune':
      return prune(request);
    default:
      return refuse('invalid-commit', `${commit.operation} is no operation without rows`);
  }
}

function exists({ version, deleted }: SymbolState): boolean {
  return version > 0 && !deleted;
}

function unknownSymbol({ commit, label }: Request): Changed {
  return refuse(
    'unknown-symbol',
    `${label} does not exist, so there is nothing for ${commit.operation}: check the name, or write it first`,
  );
}

/** A new chain. */
function begun(operation: FrameOperation, state: SymbolState, contents: FrameContents): Change {
  const version = state.version + 1;
  return { operation, version, base: version, contents, deleted: operation === 'delete', mask: undefined };
}

/** The next version of the chain. */
function continued(
  operation: FrameOperation,
  state: SymbolState,
  contents: FrameContents,
  mask?: IndexRange,
): Change {
  const { version, base } = state;
  return { operation, version: version + 1, base, contents, deleted: false, mask };
}

/** About versions, making none. */
function about(operation: FrameOperation, { version, base, deleted, ...contents }: SymbolState): Change {
  return { operation, version, base, contents: contentsOf(contents), deleted, mask: undefined };
}

function contentsOf(of: FrameContents): FrameContents {
  const { columns, arrowSchema, indexColumn, metadataJson, rows, firstNs, lastNs, sorted } = of;
  return { columns, arrowSchema, indexColumn, metadataJson, rows, firstNs, lastNs, sorted };
}

function write({ state, commit, segments, label }: Request): Changed {
  const extent = extentOf(segments);
  const checked = checkIncoming(commit, segments, extent, label);
  if (!checked.ok) return checked;
  const { columns, arrowSchema, indexColumn, metadataJson } = commit;
  const contents = { columns, arrowSchema, indexColumn, metadataJson };
  return ok(begun('write', state, withRows(contents, extent)));
}

/** Rows without an index are in no order that could be kept. */
function withRows(schema: Omit<FrameContents, keyof Extent>, extent: Extent): FrameContents {
  const isOrdered = schema.indexColumn !== '' || schema.columns.length === 0;
  return { ...schema, ...extent, sorted: extent.sorted && isOrdered };
}

function append(request: Request): Changed {
  const { state, commit, segments, label } = request;
  const extent = extentOf(segments);
  const schema = unifiedContents(request, extent);
  if (!schema.ok) return schema;
  const { lastNs } = state;
  if (commit.requireSorted && lastNs !== undefined && extent.firstNs !== undefined && extent.firstNs < lastNs)
    return refuse(
      'not-sorted',
      `the rows appended to ${label} begin at index ${extent.firstNs}, before its last one (${lastNs}, ns since the epoch): use update, or append without asking for order`,
    );
  return ok(continued('append', state, withRows(schema.value, followedBy(state, extent))));
}

function update(request: Request): Changed {
  const { state, commit, segments, label } = request;
  const extent = extentOf(segments);
  const mask = updatedRange(request, extent);
  if (!mask.ok) return mask;
  if (commit.indexColumn === '')
    return refuse(
      'no-index',
      `the rows that update ${label} have no index, so there is no range to replace: name an index column, or use write`,
    );
  if (!extent.sorted || (exists(state) && !state.sorted && state.indexColumn !== ''))
    return refuse(
      'not-sorted',
      `${extent.sorted ? label : `the rows that update ${label}`} must be sorted by index for update, and ${extent.sorted ? 'is' : 'are'} not: sort by ${JSON.stringify(commit.indexColumn)} and write it again`,
    );
  if (!exists(state)) return write(request);
  const schema = unifiedContents(request, extent);
  if (!schema.ok) return schema;
  const around = mask.value === undefined ? state : without(state, mask.value);
  return ok(continued('update', state, withRows(schema.value, withInserted(around, extent)), mask.value));
}

/** The range of the commit, or that of its rows; undefined: neither. */
function updatedRange(
  { commit, label }: Request,
  { firstNs, lastNs }: Extent,
): Result<IndexRange | undefined, Refusal> {
  if (firstNs === undefined || lastNs === undefined)
    return commit.maskFromNs === undefined && commit.maskToNs === undefined
      ? ok(undefined)
      : maskOf(commit, label);
  const { maskFromNs = firstNs, maskToNs = lastNs } = commit;
  const mask = maskOf({ maskFromNs, maskToNs }, label);
  if (!mask.ok || (firstNs >= maskFromNs && lastNs <= maskToNs)) return mask;
  return refuse(
    'invalid-range',
    `the rows that update ${label} reach from ${firstNs} to ${lastNs}, outside the range ${maskFromNs} to ${maskToNs} (ns since the epoch) that they replace: leave them out, or widen the range`,
  );
}

function maskOf(
  { maskFromNs: fromNs, maskToNs: toNs }: Pick<FrameCommit, 'maskFromNs' | 'maskToNs'>,
  label: string,
): Result<IndexRange, Refusal> {
  if (fromNs === undefined || toNs === undefined)
    return refuse('invalid-range', `a range of ${label} needs both its ends: give from and to`);
  return fromNs <= toNs
    ? ok({ fromNs, toNs })
    : refuse('invalid-range', `a range of ${label} ends (${toNs}) before it begins (${fromNs}): swap them`);
}

/** Columns of both; the index must be the same. Metadata stays unless there is new. */
function unifiedContents(
  { state, commit, segments, label }: Request,
  extent: Extent,
): Result<Omit<FrameContents, keyof Extent>, Refusal> {
  const checked = checkIncoming(commit, segments, extent, label);
  if (!checked.ok) return checked;
  const matches = checkIndexMatches(state, commit, label);
  if (!matches.ok) return matches;
  const unified = unifySchemas(state.columns, commit.columns);
  if (!unified.ok) return refuse('schema-conflict', `${label}: ${unified.error.message}`);
  const columns = unified.value;
  const isIncoming = !sameColumns(columns, state.columns) && sameColumns(columns, commit.columns);
  const { arrowSchema } = isIncoming ? commit : state;
  const { indexColumn, metadataJson = state.metadataJson } = commit;
  return ok({ columns, arrowSchema, indexColumn, metadataJson });
}

function deleteRange(request: Request): Changed {
  const { state, commit, label } = request;
  if (!exists(state)) return unknownSymbol(request);
  const mask = maskOf(commit, label);
  if (!mask.ok) return mask;
  if (state.indexColumn === '')
    return refuse(
      'no-index',
      `${label} has no index, so it has no ranges to delete: write it anew without the rows`,
    );
  const { metadataJson = state.metadataJson } = commit;
  const contents = { ...contentsOf(state), ...without(state, mask.value), metadataJson };
  return ok(continued('delete-range', state, contentsOf(contents), mask.value));
}

/** Of what does not exist: a frame without columns, as ArcticDB does. */
function writeMetadata(state: SymbolState, { metadataJson }: FrameCommit): Change {
  if (!exists(state)) return begun('write', state, { ...NO_CONTENTS, metadataJson });
  return continued('write-metadata', state, { ...contentsOf(state), metadataJson });
}

function merge(request: Request): Changed {
  const { state, commit, segments, label } = request;
  if (!exists(state)) return unknownSymbol(request);
  const { mergeFrom, mergeTo, rows } = commit;
  const named = `the merge of versions ${mergeFrom} to ${mergeTo} of ${label}`;
  if (!(mergeFrom >= state.base && mergeFrom <= mergeTo && mergeTo <= state.version))
    return refuse(
      'invalid-merge',
      `${named} is not within versions ${state.base} to ${state.version}, of which it is made now: merge those that are`,
    );
  const checked = checkIncoming(commit, segments, extentOf(segments), label);
  if (!checked.ok) return checked;
  const isWhole = mergeFrom === state.base && mergeTo === state.version;
  if (isWhole && state.rows !== undefined && state.rows !== rows)
    return refuse(
      'invalid-merge',
      `${named} has ${rows} rows, and the frame has ${state.rows}: merge it again`,
    );
  return ok(about('merge', state));
}

function prune(request: Request): Changed {
  const { state, commit, label } = request;
  if (state.version === 0) return unknownSymbol(request);
  const wrong = commit.pruned.find((version) => !(version >= 1 && version < state.version));
  if (wrong !== undefined || commit.pruned.length === 0)
    return refuse(
      'invalid-prune',
      wrong === undefined
        ? `no version of ${label} is named that should be forgotten: name some before the newest, which is ${state.version}`
        : `version ${wrong} of ${label} cannot be forgotten: name versions before the newest, which is ${state.version}`,
    );
  return ok(about('prune', state));
}
