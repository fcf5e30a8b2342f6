import { ok, type FrameOperation, type Result } from '@tickwell/domain';
import type { FrameCommit } from './frame-commit.ts';
import { changeOf, type Change } from './operations.ts';
import { refuse, type Refusal } from './refusal.ts';
import type { FrameSegment } from './segment.ts';
import { closed, openWrite, outcomeOf, type FrameContents, type SymbolState } from './state.ts';

/** A commit that is accepted: what its row says. */
export interface AcceptedVersion extends FrameContents {
  /** What was done: an append or update of what does not exist is a write. */
  readonly operation: FrameOperation;
  readonly version: number;
  readonly base: number;
  readonly rowsWritten: number;
  readonly segments: number;
  readonly reused: readonly FrameSegment[];
  readonly maskFromNs: bigint | undefined;
  readonly maskToNs: bigint | undefined;
  readonly mergeFrom: number;
  readonly mergeTo: number;
  readonly pruned: readonly number[];
}

export type CommitDecision =
  | { readonly kind: 'version'; readonly version: AcceptedVersion }
  /** Also of a write id that was refused before: the same again. */
  | { readonly kind: 'refusal'; readonly refusal: Refusal; readonly version: number }
  /** The write id made this version before; its row is there or on its way. */
  | { readonly kind: 'repeated'; readonly version: number };

/**
 * Decides on a commit, by the state alone. What is refused changes nothing but that it is remembered.
 *
 * @param label names the frame in messages: `symbol "AAPL" of library "research"`
 */
export function applyCommit(
  state: SymbolState,
  commit: FrameCommit,
  label: string,
): { readonly state: SymbolState; readonly decision: CommitDecision } {
  const known = outcomeOf(state, commit.writeId);
  if (known !== undefined) {
    const { refusal, version } = known;
    const decision: CommitDecision =
      refusal === undefined ? { kind: 'repeated', version } : { kind: 'refusal', refusal, version };
    return { state, decision };
  }
  const decided = decide(state, commit, label);
  const { writeId } = commit;
  if (!decided.ok) {
    const { error: refusal } = decided;
    const { version } = state;
    return {
      state: closed(state, { writeId, version, refusal }),
      decision: { kind: 'refusal', refusal, version },
    };
  }
  const { contents, deleted } = decided.value;
  const version = acceptedVersion(commit, decided.value);
  const next = closed(state, { writeId, version: version.version, refusal: undefined });
  return {
    state: { ...next, ...contents, version: version.version, base: version.base, deleted },
    decision: { kind: 'version', version },
  };
}

function decide(state: SymbolState, commit: FrameCommit, label: string): Result<Change, Refusal> {
  const { expectedVersion: expected } = commit;
  const isExpected =
    expected === undefined || expected === state.version || (expected === 0 && state.deleted);
  if (!isExpected) {
    const is = state.version === 0 ? 'does not exist' : `is at version ${state.version}`;
    return refuse(
      'version-conflict',
      `${label} ${is}, and the write expected ${expected === 0 ? 'that there is none' : `version ${expected}`}: read it again and write on top of what is there`,
    );
  }
  const segments = segmentsOfWrite(state, commit, label);
  return segments.ok ? changeOf(state, commit, segments.value, label) : segments;
}

/** Those it reuses, then those it sent, in order; refused unless they are all there. */
function segmentsOfWrite(
  state: SymbolState,
  { writeId, segments, reused, rows }: FrameCommit,
  label: string,
): Result<readonly FrameSegment[], Refusal> {
  const open = openWrite(state, writeId);
  const again = 'write again under a new write id';
  if (open?.broken !== undefined)
    return refuse(
      'incomplete-write',
      `the write to ${label} cannot be taken, since ${open.broken}: ${again}`,
    );
  const sent = (open?.segments ?? []).toSorted((a, b) => a.ordinal - b.ordinal);
  const missing = sent.findIndex(({ ordinal }, index) => ordinal !== index);
  if (sent.length !== segments || missing >= 0)
    return refuse(
      'incomplete-write',
      `of the write to ${label} ${sent.length} segments arrived and its commit names ${segments}${missing < 0 ? '' : `; segment ${missing} is missing`}: ${again}`,
    );
  const all = [...reused, ...sent];
  const arrived = all.reduce((sum, segment) => sum + segment.rows, 0);
  return arrived === rows
    ? ok(all)
    : refuse(
        'incomplete-write',
        `of the write to ${label} ${arrived} rows arrived and its commit names ${rows}: ${again}`,
      );
}

function acceptedVersion(commit: FrameCommit, change: Change): AcceptedVersion {
  const { operation, version, base, contents, mask } = change;
  return {
    ...contents,
    operation,
    version,
    base,
    rowsWritten: commit.rows,
    segments: commit.segments,
    reused: commit.reused,
    maskFromNs: mask?.fromNs,
    maskToNs: mask?.toNs,
    mergeFrom: operation === 'merge' ? commit.mergeFrom : 0,
    mergeTo: operation === 'merge' ? commit.mergeTo : 0,
    pruned: operation === 'prune' ? commit.pruned : [],
  };
}
