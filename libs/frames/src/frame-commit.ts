import type { FrameOperation } from '@tickwell/domain';
import type { FrameColumn } from './schema.ts';
import type { FrameSegment } from './segment.ts';

/** What a writer asks for; fields as in proto/tickwell/events/v1/frame.proto. Times are ns since the epoch. */
export interface FrameCommit {
  readonly writeId: string;
  readonly operation: FrameOperation;
  /** Segments sent under the write id before. */
  readonly segments: number;
  /** Segments that are stored already, before those sent. */
  readonly reused: readonly FrameSegment[];
  /** Of all of them. */
  readonly rows: number;
  readonly columns: readonly FrameColumn[];
  readonly arrowSchema: Uint8Array;
  /** "": not time-indexed. */
  readonly indexColumn: string;
  readonly maskFromNs?: bigint | undefined;
  readonly maskToNs?: bigint | undefined;
  readonly metadataJson?: string | undefined;
  /** 0: there is none, or it is deleted. */
  readonly expectedVersion?: number | undefined;
  readonly requireSorted: boolean;
  readonly upsert: boolean;
  readonly mergeFrom: number;
  readonly mergeTo: number;
  readonly pruned: readonly number[];
}
