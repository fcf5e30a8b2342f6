import { err } from '@tickwell/domain';

/** Why a commit is refused, for machines. */
export type RefusalCode =
  /** The newest version is another one than the write expected. */
  | 'version-conflict'
  /** A type of a column that no widening brings together with the frame's. */
  | 'schema-conflict'
  /** The schema of the rows is no frame's: a name twice, no column, an index that is none. */
  | 'invalid-schema'
  /** Rows that are indexed by another column than the frame. */
  | 'index-conflict'
  /** An operation on a range of the index, and there is no index. */
  | 'no-index'
  /** Rows, or the frame, are out of order where order is needed. */
  | 'not-sorted'
  | 'unknown-symbol'
  /** Segments of the write are missing, or do not add up. */
  | 'incomplete-write'
  /** Who wrote said that nothing comes any more. */
  | 'aborted'
  /** No range, one that ends before it begins, or rows outside it. */
  | 'invalid-range'
  | 'invalid-merge'
  | 'invalid-prune'
  /** An operation without rows that came with some. */
  | 'invalid-commit';

export interface Refusal {
  readonly code: RefusalCode;
  /** One sentence that names the frame, the place and the fix. */
  readonly message: string;
}

export function refuse(code: RefusalCode, message: string): { readonly ok: false; readonly error: Refusal } {
  return err({ code, message });
}
