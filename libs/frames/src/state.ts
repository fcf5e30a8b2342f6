import type { Refusal } from './refusal.ts';
import type { FrameColumn } from './schema.ts';
import { NO_ROWS, type Extent, type FrameSegment } from './segment.ts';

/** Writes of a symbol that have sent segments and no commit; the one that was silent longest is given up for another. */
export const MAX_OPEN_WRITES = 16;
/** Writes of a symbol of which it is known what became of them. */
export const MAX_OUTCOMES = 64;
/** Segments of one write: 16 GiB of files. */
export const MAX_SEGMENTS_OF_WRITE = 4096;

/** What a version says of its rows. */
export interface FrameContents extends Extent {
  readonly columns: readonly FrameColumn[];
  /** As the writer sent it; types and names are those of `columns` where the two differ. */
  readonly arrowSchema: Uint8Array;
  /** "": not time-indexed. */
  readonly indexColumn: string;
  readonly metadataJson: string | undefined;
}

export interface SentSegment extends FrameSegment {
  /** Among the segments of the write, from 0. */
  readonly ordinal: number;
}

export interface OpenWrite {
  readonly writeId: string;
  readonly segments: readonly SentSegment[];
  /** Why its commit will be refused whatever else comes. */
  readonly broken: string | undefined;
}

/** What became of a write. */
export interface WriteOutcome {
  readonly writeId: string;
  /** The version that it made, or the newest one then; 0: none. */
  readonly version: number;
  readonly refusal: Refusal | undefined;
}

/** What the validator knows of a symbol: plain data, never changed in place. */
export interface SymbolState extends FrameContents {
  /** The newest version; 0: there was none. */
  readonly version: number;
  /** Version with which its chain began. */
  readonly base: number;
  readonly deleted: boolean;
  /** The one that sent last at the end. */
  readonly openWrites: readonly OpenWrite[];
  /** The newest at the end. */
  readonly outcomes: readonly WriteOutcome[];
}

export const NO_CONTENTS: FrameContents = {
  ...NO_ROWS,
  columns: [],
  arrowSchema: new Uint8Array(),
  indexColumn: '',
  metadataJson: undefined,
};

/** A symbol of which nothing was seen yet. */
export const NEW_SYMBOL: SymbolState = {
  ...NO_CONTENTS,
  version: 0,
  base: 0,
  deleted: false,
  openWrites: [],
  outcomes: [],
};

export type SegmentFate =
  /** It is part of the write now: send it on. */
  | 'taken'
  /** It was there, byte for byte. */
  | 'repeated'
  /** The write is over: it is committed, refused, aborted, or was given up. */
  | 'decided'
  /** Another segment has its place, or there are too many: the commit will be refused. */
  | 'broken';

/** A segment arrives; only one that is `taken` goes on to the store. */
export function applySegment(
  state: SymbolState,
  writeId: string,
  segment: SentSegment,
): { readonly state: SymbolState; readonly fate: SegmentFate } {
  if (outcomeOf(state, writeId) !== undefined) return { state, fate: 'decided' };
  const open = openWrite(state, writeId) ?? { writeId, segments: [], broken: undefined };
  const there = open.segments.find(({ ordinal }) => ordinal === segment.ordinal);
  if (there?.sha256 === segment.sha256) return { state: opened(state, open), fate: 'repeated' };
  const broken = open.broken ?? whyBroken(open, segment, there);
  if (broken !== undefined) return { state: opened(state, { ...open, broken }), fate: 'broken' };
  const segments = [...open.segments, segment];
  return { state: opened(state, { ...open, segments }), fate: 'taken' };
}

/** The writer gives up. Its commit, should one come, is refused. */
export function applyAbort(state: SymbolState, writeId: string, label: string): SymbolState {
  if (outcomeOf(state, writeId) !== undefined) return state;
  const message = `the write to ${label} was aborted by its writer: write again under a new write id`;
  return closed(state, { writeId, version: state.version, refusal: { code: 'aborted', message } });
}

/** The state when it is decided what becomes of a write. */
export function closed(state: SymbolState, outcome: WriteOutcome): SymbolState {
  return {
    ...state,
    openWrites: state.openWrites.filter(({ writeId }) => writeId !== outcome.writeId),
    outcomes: [...state.outcomes, outcome].slice(-MAX_OUTCOMES),
  };
}

export function outcomeOf(state: SymbolState, writeId: string): WriteOutcome | undefined {
  return state.outcomes.find((outcome) => outcome.writeId === writeId);
}

export function openWrite(state: SymbolState, writeId: string): OpenWrite | undefined {
  return state.openWrites.find((write) => write.writeId === writeId);
}

function whyBroken(
  open: OpenWrite,
  { ordinal }: SentSegment,
  there: SentSegment | undefined,
): string | undefined {
  if (there !== undefined) return `its segment ${ordinal} was sent twice with different contents`;
  return open.segments.length < MAX_SEGMENTS_OF_WRITE
    ? undefined
    : `it has more than ${MAX_SEGMENTS_OF_WRITE} segments`;
}

function opened(state: SymbolState, write: OpenWrite): SymbolState {
  const others = state.openWrites.filter(({ writeId }) => writeId !== write.writeId);
  const [silent] = others;
  if (silent === undefined || others.length < MAX_OPEN_WRITES)
    return { ...state, openWrites: [...others, write] };
  const message = `the write was given up, since ${MAX_OPEN_WRITES} later ones of the same symbol were begun before its commit: write again under a new write id`;
  const refusal: Refusal = { code: 'incomplete-write', message };
  const without = closed(state, { writeId: silent.writeId, version: state.version, refusal });
  return { ...without, openWrites: [...others.slice(1), write] };
}
