/** What a name of a library stands for; snapshots are kept as frames are. */
export type FrameKind = 'symbol' | 'snapshot';

/** How a write changes a frame. Merge and prune make no version. */
export type FrameOperation =
  'write' | 'append' | 'update' | 'delete-range' | 'delete' | 'write-metadata' | 'merge' | 'prune';

/** Which frame: frames belong to the generation of a library, not to its name. */
export interface FrameId {
  /** UUID of the library made under its name. */
  readonly generation: string;
  readonly kind: FrameKind;
  readonly name: string;
}

/** The key of a frame's records: one frame is one partition. */
export function frameKey({ generation, kind, name }: FrameId): string {
  return `${generation}/${kind}/${name}`;
}
