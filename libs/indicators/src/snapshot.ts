import type { StateReader } from '@tickwell/domain';
import { readState, StateWriter } from '@tickwell/domain';
import type { IndicatorSpec } from './definition.ts';

/** Raised with every change of the layout below. */
const FORMAT_VERSION = 1;

export type SnapshotErrorCode =
  | 'indicator-snapshot-damaged'
  | 'indicator-snapshot-version'
  | 'indicator-snapshot-revision'
  | 'indicator-snapshot-spec';

/** Terminal: the same bytes never become readable. The indicator has to be computed again from history. */
export interface SnapshotError {
  readonly code: SnapshotErrorCode;
  readonly message: string;
  readonly retryable: false;
}

interface SavedWindow {
  /** Oldest first. */
  readonly values: Float64Array;
  readonly pushed: boolean;
}

export interface SavedState {
  readonly inputs: number;
  readonly warm: boolean;
  /** The kernels' numbers, and the same before the last input. */
  readonly state: Float64Array;
  /** The last values. */
  readonly out: Float64Array;
  readonly windows: readonly SavedWindow[];
}

/** How many numbers a specification's state has. */
export interface StateShape {
  readonly state: number;
  readonly out: number;
  readonly windowSizes: readonly number[];
}

type Decoded =
  { readonly ok: true; readonly state: SavedState } | { readonly ok: false; readonly error: SnapshotError };

/** As {@link SavedState}, `state` in pieces. */
interface StateToSave extends Omit<SavedState, 'state'> {
  readonly state: readonly Float64Array[];
}

export function encodeSnapshot(spec: IndicatorSpec, saved: StateToSave): Uint8Array {
  const writer = new StateWriter();
  const put = (numbers: Float64Array): void => {
    for (const value of numbers) writer.double(value);
  };
  writer.uint(FORMAT_VERSION).uint(spec.revision).text(spec.id);
  writer.uint(saved.inputs).flag(saved.warm);
  for (const part of saved.state) put(part);
  put(saved.out);
  for (const window of saved.windows) {
    writer.flag(window.pushed).uint(window.values.length);
    put(window.values);
  }
  return writer.finish();
}

export function decodeSnapshot(bytes: Uint8Array, spec: IndicatorSpec, shape: StateShape): Decoded {
  // What the header says is wrong; what the reader finds wrong comes back as text.
  const refusals: SnapshotError[] = [];
  const read = readState(bytes, (reader) => {
    const refusal = checkHeader(reader, spec);
    if (refusal === null) return readBody(reader, shape);
    refusals.push(refusal);
    return reader.fail(refusal.message);
  });
  if (read.ok) return { ok: true, state: read.value };
  const damaged = `snapshot for ${spec.id}: ${read.error}: compute it again from history`;
  return { ok: false, error: refusals[0] ?? snapshotError('damaged', damaged) };
}

function checkHeader(reader: StateReader, spec: IndicatorSpec): SnapshotError | null {
  const version = reader.uint();
  if (version !== FORMAT_VERSION) {
    const what = `format ${version}, this build reads ${FORMAT_VERSION}: compute it again from history`;
    return snapshotError('version', `snapshot for ${spec.id}: ${what}`);
  }
  const revision = reader.uint();
  const id = reader.text();
  if (id !== spec.id) {
    const what = `cannot restore ${spec.id}: a changed specification is a new series`;
    return snapshotError('spec', `snapshot of ${id} ${what}`);
  }
  const current = spec.revision;
  if (revision !== current) {
    const what = `formula revision ${revision}, this build computes ${current}: compute it again from history`;
    return snapshotError('revision', `snapshot of ${id}: ${what}`);
  }
  return null;
}

function readBody(reader: StateReader, shape: StateShape): SavedState {
  const take = (length: number): Float64Array => {
    const numbers = new Float64Array(length);
    for (let index = 0; index < length; index += 1) numbers[index] = reader.double();
    return numbers;
  };
  const inputs = reader.uint();
  const warm = reader.flag();
  const state = take(shape.state);
  const out = take(shape.out);
  const windows = shape.windowSizes.map((size) => {
    const pushed = reader.flag();
    const length = reader.count(8);
    if (length > size + 1) reader.fail(`${length} numbers in a window of ${size}`);
    return { pushed, values: take(length) };
  });
  return { inputs, warm, state, out, windows };
}

function snapshotError(reason: 'damaged' | 'version' | 'revision' | 'spec', message: string): SnapshotError {
  return { code: `indicator-snapshot-${reason}`, message, retryable: false };
}
