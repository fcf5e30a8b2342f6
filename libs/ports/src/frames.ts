import type { FrameId, FrameKind, FrameOperation } from '@tickwell/domain';

/** A file of the segment store, by its hash. */
export interface StoredSegment {
  /** SHA-256 of the file, hexadecimal: its name in the segment store. */
  readonly sha256: string;
  readonly rows: number;
  readonly bytes: number;
  /** Of the index column, ns since the epoch (also before it); undefined: no index, or no row. */
  readonly minIndexNs?: bigint | undefined;
  readonly maxIndexNs?: bigint | undefined;
  readonly sorted: boolean;
}

export interface StoredFrameColumn {
  readonly name: string;
  /** Arrow's name of the type. */
  readonly type: string;
  readonly nullable: boolean;
}

/** What of a version is cheap to read of thousands. Counts are exact up to 2^53. */
export interface FrameSummary extends FrameId {
  readonly library: string;
  readonly writeId: string;
  /** Who wrote it. */
  readonly source: string;
  /** When it became known, ns since the epoch; grows from version to version. */
  readonly knownAtNs: bigint;
  readonly operation: FrameOperation;
  /** From 1. Of a merge or pruning: the one that there was. */
  readonly version: number;
  /** Version with which the chain began that this one is read from. */
  readonly base: number;
  readonly rowsWritten: number;
  /** Rows of the frame; undefined: only a read can tell. */
  readonly rows: number | undefined;
  /** Segments that the write brought. */
  readonly segments: number;
  readonly indexColumn: string;
  readonly minIndexNs: bigint | undefined;
  readonly maxIndexNs: bigint | undefined;
  readonly sorted: boolean;
}

/** A version with everything that its row says. */
export interface StoredFrame extends FrameSummary {
  readonly columns: readonly StoredFrameColumn[];
  /** Arrow's schema as an encapsulated IPC message. */
  readonly arrowSchema: Uint8Array;
  /** JSON; undefined: none. */
  readonly metadataJson: string | undefined;
}

/** One write of a chain, or a merge of some, with its segments in order: those it reuses, then those it brought. */
export interface ChainLink {
  readonly operation: FrameOperation;
  readonly version: number;
  readonly writeId: string;
  readonly maskFromNs: bigint | undefined;
  readonly maskToNs: bigint | undefined;
  /** Of a merge. */
  readonly mergeFrom: number;
  readonly mergeTo: number;
  readonly segments: readonly StoredSegment[];
}

/** A write whose end is waited for. */
export interface FrameWriteRef extends FrameId {
  readonly writeId: string;
}

export type FrameOutcome =
  | { readonly kind: 'version'; readonly version: FrameSummary }
  | {
      readonly kind: 'refusal';
      /** "version-conflict", "schema-conflict" and so on. */
      readonly code: string;
      readonly message: string;
      /** The newest version of then; 0: none. */
      readonly version: number;
    };

/** Names of a library, by name in code points. */
export interface FrameListQuery {
  readonly generation: string;
  readonly kind: FrameKind;
  /** Only names that begin with it; "": all. */
  readonly prefix: string;
  /** Only names after it; "": from the first. */
  readonly after: string;
  readonly limit: number;
}

export interface FrameVersionsQuery extends FrameId {
  /** Only versions below it; left out: from the newest. */
  readonly before?: number;
  readonly limit: number;
}

/** Which version of a frame: a number, the newest of a time (ns since the epoch, inclusive), or the newest. */
export type FrameAsOf = { readonly version: number } | { readonly timeNs: bigint } | 'newest';

/** Reads what the store knows of frames. Failures reject as those of HistoryReader do. Pruned versions are not there. */
export interface FrameCatalog {
  /** The newest version of each name; deleted ones are left out. */
  list(query: FrameListQuery): Promise<readonly FrameSummary[]>;
  /** The newest first; a deletion is one. Merges and prunings are none. */
  versions(query: FrameVersionsQuery): Promise<readonly FrameSummary[]>;
  /** Undefined: there is none. A deletion is a version without rows. */
  describe(frame: FrameId, asOf: FrameAsOf): Promise<StoredFrame | undefined>;
  /**
   * What versions `base` to `version` are made of, by version, then ordinal, also of those that are pruned meanwhile; merges that lie within come after the
   * version they go up to.
   */
  chain(frame: FrameId, base: number, version: number): Promise<readonly ChainLink[]>;
  /** What became of each write, in order; undefined: it is not decided yet, or not visible. At most 1,000. */
  outcomes(writes: readonly FrameWriteRef[]): Promise<readonly (FrameOutcome | undefined)[]>;
}
